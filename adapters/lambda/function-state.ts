import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda'

/**
 * Asks what state a function is in: `Active`, `Pending`, `Inactive` or `Failed`, as Lambda says it, or `missing` where
 * there is none of that name.
 *
 * @throws whatever else the SDK throws
 */
export type GetFunctionState = (functionName: string) => Promise<string>

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
