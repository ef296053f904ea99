import { parseJson } from '../../protocol/parse-json.ts'

/**
 * Invokes a function, waits until it has returned, and resolves with what it returned: undefined for nothing. The SDK is
 * loaded with the first invocation: it may never come.
 *
 * @throws Error with what the function threw, and whatever the SDK throws
 */
export type Invoke = (functionName: string, event: object) => Promise<unknown>

type Options = {
  /** How often it is tried where the Lambda API does not answer, or has no room. Default: 3. */
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
