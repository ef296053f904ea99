import { DeadLetterError } from '../../adapters/rabbitmq/dead-letter.ts'
import { SettingsError } from '../../adapters/settings/read-settings.ts'
import { reasonOf } from '../../adapters/telemetry/log-data.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { type Command, parseOptions, usage } from './options.ts'

/** Output of the command. Each function takes one or more lines. */
export type Output = {
  /** Prints results. */
  readonly tell: (text: string) => void
  /** Prints problems. */
  readonly complain: (text: string) => void
}

type Deps = Output & {
  /** Runs a command; resolves with the exit code. */
  readonly run: (command: Command) => Promise<number>
}

/** Runs the command with arguments; resolves with the exit code. Prints one line for problems that operators can fix. */
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
    return await run(parsed.options)
  } catch (error) {
    if (error instanceof ChatError) complain(`${error.message} (${reasonOf(error)})`)
    else if (error instanceof SettingsError || error instanceof DeadLetterError) complain(error.message)
    else throw error
    return 1
  }
}
