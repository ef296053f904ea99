import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda'

/**
 * Returns the state of a function: Lambda's `Active`, `Pending`, `Inactive` or `Failed`, or `missing` if it does not exist.
 *
 * @throws other errors of the SDK
 */
export type GetFunctionState = (functionName: string) => Promise<string>

/** Creates `GetFunctionState` on the AWS SDK. */
export const makeGetFunctionState = (): GetFunctionState => {
  const client = new LambdaClient({ maxAttempts: 1 })
  return async (FunctionName) => {
    try {
      const { State } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }))
      return State ?? 'Active'
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return 'missing'
      throw error
    }
  }
}
