/**
 * Invokes a function and waits until it has returned. The SDK is loaded with the first invocation: it may never come.
 *
 * @throws Error with what the function threw, and whatever the SDK throws
 */
export type Invoke = (functionName: string, event: object) => Promise<void>

const loadClient = async () => {
  const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda')
  const client = new LambdaClient({ maxAttempts: 3 })
  return (FunctionName: string, Payload: Uint8Array) =>
    client.send(new InvokeCommand({ FunctionName, Payload }))
}

export const makeInvoke = (): Invoke => {
  let loading: ReturnType<typeof loadClient> | undefined
  return async (functionName, event) => {
    loading ??= loadClient()
    const invoke = await loading
    const { FunctionError, Payload } = await invoke(
      functionName,
      new TextEncoder().encode(JSON.stringify(event)),
    )
    if (FunctionError !== undefined) throw new Error(Payload?.transformToString() ?? FunctionError)
  }
}
