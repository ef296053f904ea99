import * as v from 'valibot'
import { makeInvoke } from '../../adapters/lambda/invoke.ts'
import { DeadLetterError } from '../../adapters/rabbitmq/dead-letter.ts'
import { reasonOf } from '../../adapters/telemetry/log-data.ts'
import type { Output } from './run-arguments.ts'

/**
 * Runs the command in the deployed `dead-letters` function, because only functions can reach the broker there. Resolves with
 * the exit code. It invokes the function once; if the outcome is unknown, look at the list.
 *
 * @throws DeadLetterError if the function cannot be invoked
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
    // Any error: of the SDK (no region, no credentials, no such function), of the function, or of another one of that name.
    throw new DeadLetterError(
      `${functionName} did not answer: ${reasonOf(cause).replace(/\.$/, '')}. ${requirements}`,
      { cause },
    )
  }
}

const requirements =
  'Set AWS_REGION, credentials that may invoke the function (AWS_PROFILE or keys), and the name from the output DeadLettersFunction. The list shows what was done.'

const AnswerSchema = v.object({ output: v.string(), errors: v.string(), exitCode: v.number() })
