import * as v from 'valibot'
import { makeInvoke } from '../../adapters/lambda/invoke.ts'
import { DeadLetterError } from '../../adapters/rabbitmq/dead-letter.ts'
import { reasonOf } from '../../adapters/telemetry/log-data.ts'
import type { Output } from './run-arguments.ts'

/**
 * Has a deployed `dead-letters` do what the arguments ask for, where the broker is in reach of functions only; resolves
 * with the exit code. Asked once: who does not know how a command ended looks at the list.
 *
 * @throws DeadLetterError where it cannot be asked
 */
export const askFunction = async (
  functionName: string,
  args: readonly string[],
  { tell, complain }: Output,
): Promise<number> => {
  const { output, errors, exitCode } = await answerOf(functionName, args)
  if (output !== '') tell(output)
  if (errors !== '') complain(errors)
  return exitCode
}

const answerOf = async (functionName: string, args: readonly string[]) => {
  try {
    return v.parse(AnswerSchema, await makeInvoke({ maxAttempts: 1 })(functionName, { args }))
  } catch (cause) {
    // Whatever the SDK says (no region, no credentials, no such function), the function, or another one by that name.
    throw new DeadLetterError(
      `${functionName} did not say that it is done: ${reasonOf(cause)}. ${whatItTakes}`,
      { cause },
    )
  }
}

const whatItTakes =
  'It takes AWS_REGION, credentials that may invoke it (AWS_PROFILE, or keys), and the name that the stack tells as DeadLettersFunction. What was begun shows in the list.'

const AnswerSchema = v.object({ output: v.string(), errors: v.string(), exitCode: v.number() })
