import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { Uint8ArrayBlobAdapter } from '@smithy/core/serde'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeInvoke } from '../../../../adapters/lambda/invoke.ts'

const lambda = mockClient(LambdaClient)

describe('invoking a function', () => {
  beforeEach(() => lambda.reset())

  it('hands it the event as JSON and waits for its end', async () => {
    lambda.on(InvokeCommand).resolves({ StatusCode: 200 })
    await makeInvoke()('publish', { requests: [] })
    const [call] = lambda.commandCalls(InvokeCommand)
    const { FunctionName, Payload } = call?.args[0].input ?? {}
    expect([FunctionName, new TextDecoder().decode(Payload as Uint8Array)]).toEqual([
      'publish',
      '{"requests":[]}',
    ])
  })

  it('gives what the function returned, and undefined for nothing', async () => {
    const Payload = Uint8ArrayBlobAdapter.fromString('{"exitCode":0}')
    lambda.on(InvokeCommand).resolvesOnce({ Payload }).resolves({})
    const invoke = makeInvoke()
    expect(await invoke('dead-letters', { args: [] })).toEqual({ exitCode: 0 })
    expect(await invoke('publish', {})).toBeUndefined()
  })

  it('throws what the function threw', async () => {
    const Payload = Uint8ArrayBlobAdapter.fromString('{"errorMessage":"broker away"}')
    lambda.on(InvokeCommand).resolves({ FunctionError: 'Unhandled', Payload })
    await expect(makeInvoke()('publish', {})).rejects.toThrow('broker away')
  })
})
