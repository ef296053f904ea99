import { parseJson } from '../../protocol/parse-json.ts'

/**
 * Invokes a function and resolves with its result; undefined if it returns none. The SDK is loaded at the first invocation.
 *
 * @throws Error with the message that the function threw; errors of the SDK
 */
export type Invoke = (functionName: string, event: object) => Promise<unknown>

type Options = {
  /** Maximum attempts if the Lambda API does not answer or throttles. Default: 3. */
  readonly maxAttempts?: number
}

const loadClient = async (maxAttempts: number) => {
  const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda')
  const client = new LambdaClient({ maxAttempts })
  return (FunctionName: string, Payload: Uint8Array) =>
    client.send(new InvokeCommand({ FunctionName, Payload }))
}

export const makeInvoke = ({ maxAttempts = 3 }: Options = {}): Invoke => {
  let loading: ReturnType<typeof loadClient> | undefined
  return async (functionName, event) => {
    loading ??= loadClient(maxAttempts)
    const invoke = await loading
    const { FunctionError, Payload } = await invoke(
      functionName,
      new TextEncoder().encode(JSON.stringify(event)),
    )
    const text = Payload?.transformToString() ?? ''
    if (FunctionError !== undefined) throw new Error(text || FunctionError)
    return text === '' ? undefined : parseJson(text)
  }
}
