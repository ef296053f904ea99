import {
  ApiGatewayManagementApiClient,
  ApiGatewayManagementApiServiceException,
  DeleteConnectionCommand,
  ForbiddenException,
  GoneException,
  LimitExceededException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { makeFramePoster } from '../../../../adapters/apigateway/frame-poster.ts'

const api = mockClient(ApiGatewayManagementApiClient)
const telemetry = { info: vi.fn(), warn: vi.fn(), error: vi.fn(), count: vi.fn(), measure: vi.fn() }
const connection = {
  connectionId: 'L0SM9cOFvHcCIhw=',
  endpoint: 'https://abc123.execute-api.eu-central-1.amazonaws.com/prod',
}
const hourMs = 60 * 60 * 1000
let nowMs = 0
const poster = makeFramePoster({ telemetry, region: 'eu-central-1', clock: () => nowMs })

const metadata = { message: 'as API Gateway says it', $metadata: {} }
const serviceError = (httpStatusCode: number) =>
  new ApiGatewayManagementApiServiceException({
    name: 'SomeException',
    $fault: 'server',
    message: 'as API Gateway says it',
    $metadata: { httpStatusCode },
  })
const errorWith = (properties: object) => Object.assign(new Error('as the SDK says it'), properties)

describe('frame poster on the AWS SDK', () => {
  beforeEach(() => {
    api.reset()
    vi.clearAllMocks()
    // What was logged in an earlier test is long ago.
    nowMs += hourMs
  })

  it('warns of an endpoint that fails once in 10 s, and says how often it did not', async () => {
    const error = errorWith({ code: 'ECONNREFUSED' })
    api.onAnyCommand().rejects(error)
    for (let post = 0; post < 5; post++) await poster.post(connection, 'frame')
    expect(telemetry.warn).toHaveBeenCalledTimes(1)
    await poster.post({ ...connection, endpoint: 'https://other.example.test/prod' }, 'frame')
    expect(telemetry.warn).toHaveBeenCalledTimes(2)
    nowMs += 10_000
    await poster.post(connection, 'frame')
    expect(telemetry.warn).toHaveBeenLastCalledWith('A post failed', { ...connection, error, withheld: 4 })
  })

  it('posts a frame as UTF-8 to the connection', async () => {
    api.on(PostToConnectionCommand).resolves({})

    expect(await poster.post(connection, '{"content":"é"}')).toBe('sent')

    expect(api.commandCalls(PostToConnectionCommand)[0]?.args[0].input).toEqual({
      ConnectionId: connection.connectionId,
      Data: new TextEncoder().encode('{"content":"é"}'),
    })
  })

  it('closes a connection', async () => {
    api.on(DeleteConnectionCommand).resolves({})

    expect(await poster.close(connection)).toBe('sent')

    expect(api.commandCalls(DeleteConnectionCommand)[0]?.args[0].input).toEqual({
      ConnectionId: connection.connectionId,
    })
  })

  it.each([
    ['GoneException', 'gone', new GoneException(metadata)],
    ['a 410 by another name', 'gone', serviceError(410)],
    ['LimitExceededException', 'throttled', new LimitExceededException(metadata)],
    ['a 429 by another name', 'throttled', serviceError(429)],
  ] as const)('takes %s for %s, without a word in the log', async (_, outcome, error) => {
    api.onAnyCommand().rejects(error)

    expect(await poster.post(connection, 'frame')).toBe(outcome)
    expect(await poster.close(connection)).toBe(outcome)

    expect(telemetry.warn).not.toHaveBeenCalled()
    expect(telemetry.error).not.toHaveBeenCalled()
  })

  it.each([
    ['a server error', serviceError(503)],
    ['a request that timed out at the server', serviceError(408)],
    ['a time limit', errorWith({ name: 'TimeoutError' })],
    [
      'a time limit within a good answer',
      errorWith({ name: 'TimeoutError', $metadata: { httpStatusCode: 200 } }),
    ],
    ['a refused connection', errorWith({ code: 'ECONNREFUSED', syscall: 'connect' })],
    ['a host name that is not known now', errorWith({ code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
    ['a socket that was reset', errorWith({ code: 'ECONNRESET' })],
    ['an answer that is not HTTP', errorWith({ code: 'HPE_INVALID_CONSTANT' })],
    [
      'an unreadable answer with a server error',
      errorWith({ name: 'SyntaxError', $response: { statusCode: 502 } }),
    ],
    ['credentials that cannot be had now', errorWith({ name: 'CredentialsProviderError' })],
  ])('takes %s for failed, and warns with the cause', async (_, error) => {
    api.onAnyCommand().rejects(error)

    expect(await poster.post(connection, 'frame')).toBe('failed')

    expect(telemetry.warn).toHaveBeenCalledExactlyOnceWith('A post failed', { ...connection, error })
    expect(telemetry.error).not.toHaveBeenCalled()
  })

  it.each([
    ['ForbiddenException', new ForbiddenException(metadata)],
    ['PayloadTooLargeException', new PayloadTooLargeException(metadata)],
    ['a malformed id', serviceError(400)],
    ['a stage that is not there', serviceError(404)],
    ['an endpoint that is no URL', errorWith({ name: 'TypeError', code: 'ERR_INVALID_URL' })],
    ['a region that is missing', errorWith({ message: 'Region is missing' })],
  ])('takes %s for failed, and reports a defect', async (_, error) => {
    api.onAnyCommand().rejects(error)

    expect(await poster.close(connection)).toBe('failed')

    expect(telemetry.error).toHaveBeenCalledExactlyOnceWith('Closing a connection failed', error, connection)
    expect(telemetry.warn).not.toHaveBeenCalled()
  })

  it('keeps one client for each endpoint', async () => {
    api.onAnyCommand().resolves({})
    const other = { ...connection, endpoint: 'https://xyz789.execute-api.eu-central-1.amazonaws.com/prod' }

    await poster.post(connection, 'one')
    await poster.post(other, 'two')
    await poster.post(connection, 'three')

    const [first, second, third] = api.calls().map(({ thisValue }) => thisValue)
    expect(third).toBe(first)
    expect(second).not.toBe(first)
  })

  it('drops the client that was used the longest time ago when there are more than 100', async () => {
    api.onAnyCommand().resolves({})
    const at = (index: number) => ({ ...connection, endpoint: `http://node-${index}.internal:8080` })
    const clientFor = async (index: number) => {
      await poster.post(at(index), 'frame')
      return api.calls().at(-1)?.thisValue
    }

    const clients = [await clientFor(0), await clientFor(1)]
    for (let index = 2; index < 100; index++) await clientFor(index)
    expect(await clientFor(0)).toBe(clients[0])
    await clientFor(100)

    expect(await clientFor(0)).toBe(clients[0])
    expect(await clientFor(1)).not.toBe(clients[1])
  })

  it('refuses a concurrency that is none', () => {
    expect(() => makeFramePoster({ telemetry, concurrency: 0 })).toThrow('concurrency is 0')
  })
})
