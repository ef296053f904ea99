import { DeadLetterError } from '../../adapters/rabbitmq/dead-letter.ts'
import { SettingsError } from '../../adapters/settings/read-settings.ts'
import { reasonOf } from '../../adapters/telemetry/log-data.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { type Command, parseOptions, usage } from './options.ts'

/** Where what is to be told goes. Each takes a line, or several. */
export type Output = {
  readonly tell: (text: string) => void
  /** For what did not go well. */
  readonly complain: (text: string) => void
}

type Deps = Output & {
  /** Resolves with the exit code. */
  readonly run: (command: Command) => Promise<number>
}

/** Does what the arguments ask for; resolves with the exit code. What the operator can mend is told in a line. @throws a defect */
export const runArguments = async (
  args: readonly string[],
  { run, tell, complain }: Deps,
): Promise<number> => {
  const parsed = parseOptions(args)
  if (parsed.kind === 'usage') {
    if (parsed.problem === undefined) tell(usage)
    else complain(`${parsed.problem}\n\n${usage}`)
    return parsed.problem === undefined ? 0 : 2
  }
  try {
    return await run(parsed.command)
  } catch (error) {
    if (error instanceof ChatError) complain(`${error.message} (${reasonOf(error)})`)
    else if (error instanceof SettingsError || error instanceof DeadLetterError) complain(error.message)
    else throw error
    return 1
  }
}
