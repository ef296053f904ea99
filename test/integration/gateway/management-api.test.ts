import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeLocalPoster } from '../../../gateway/sockets/local-poster.ts'
import { eventually } from '../../support/eventually.ts'
import { connectTo } from '../../support/gateway/gateway-client.ts'
import { credentials, startTestGateway, type TestGateway } from '../../support/gateway/test-gateway.ts'

const clientOf = (endpoint: string, options = {}) => {
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
    ...options,
  })
  onTestFinished(() => client.destroy())
  return client
}

const connectionIdOf = (gateway: TestGateway) =>
  gateway.invoked.connect.at(-1)?.requestContext.connectionId ?? ''

const post = (client: ApiGatewayManagementApiClient, ConnectionId: string, Data = '{"n":1}') =>
  client.send(new PostToConnectionCommand({ ConnectionId, Data: Buffer.from(Data) }))

const unknownId = 'AAAAAAAAAAAAAAA='

describe('17 POST /@connections/{id}', () => {
  test.each(['', '/local', '/_aws/execute-api/gateway/local'])(
    '17 a post through the AWS SDK to "%s" arrives: 200',
    async (stage) => {
      const gateway = await startTestGateway()
      const client = await connectTo(gateway.url)
      const { $metadata } = await post(
        clientOf(gateway.url + stage),
        connectionIdOf(gateway),
        '{"text":"grüß"}',
      )
      expect($metadata.httpStatusCode).toBe(200)
      expect(await client.next()).toEqual({ text: 'grüß' })
    },
  )

  test('17 a connection that is closed, or was never there, is a GoneException', async () => {
    const gateway = await startTestGateway()
    const management = clientOf(gateway.url)
    const client = await connectTo(gateway.url)
    client.ws.terminate()
    await eventually(() => gateway.invoked.disconnect.length === 1, '$disconnect')
    for (const id of [connectionIdOf(gateway), unknownId]) {
      await expect(post(management, id)).rejects.toMatchObject({
        name: 'GoneException',
        $metadata: { httpStatusCode: 410 },
      })
    }
  })

  test('17 a malformed id is a BadRequestException', async () => {
    const gateway = await startTestGateway()
    for (const id of ['x', 'with blank=', '../../health', 'ümlaut-id-12345=']) {
      await expect(post(clientOf(gateway.url), id)).rejects.toMatchObject({
        name: 'BadRequestException',
        $metadata: { httpStatusCode: 400 },
      })
    }
  })

  test('17 128 KB pass, a byte more is a PayloadTooLargeException', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    const management = clientOf(gateway.url)
    await post(management, connectionIdOf(gateway), JSON.stringify('x'.repeat(128 * 1024 - 2)))
    expect(await client.next()).toHaveLength(128 * 1024 - 2)
    await expect(post(management, connectionIdOf(gateway), 'x'.repeat(128 * 1024 + 1))).rejects.toMatchObject(
      {
        name: 'PayloadTooLargeException',
        $metadata: { httpStatusCode: 413 },
      },
    )
    await post(management, connectionIdOf(gateway))
    expect(await client.next()).toEqual({ n: 1 })
  })

  test('17 a body without a length is measured as it comes', async () => {
    const gateway = await startTestGateway()
    const sent = request({
      port: gateway.port,
      path: `/@connections/${encodeURIComponent(unknownId)}`,
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256' },
    })
    for (let n = 0; n < 3; n++) sent.write(Buffer.alloc(64 * 1024))
    const [response] = await once(sent, 'response')
    sent.on('error', () => undefined) // the gateway has no use for the rest
    sent.destroy()
    expect(response.statusCode).toBe(413)
  })

  test('17 unsigned, with another key, another region or an old date, it is a ForbiddenException', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    const id = connectionIdOf(gateway)
    const path = `/@connections/${encodeURIComponent(id)}`
    const unsigned = await fetch(gateway.url + path, { method: 'POST', body: '{}' })
    expect(unsigned.status).toBe(403)
    expect(unsigned.headers.get('x-amzn-errortype')).toBe('ForbiddenException')
    for (const wrong of [
      { credentials: { ...credentials, secretAccessKey: 'other' } },
      { credentials: { ...credentials, accessKeyId: 'other' } },
      { region: 'eu-west-1' },
      { systemClockOffset: -6 * 60_000 },
    ]) {
      await expect(post(clientOf(gateway.url, wrong), id)).rejects.toMatchObject({
        name: 'ForbiddenException',
        $metadata: { httpStatusCode: 403 },
      })
    }
    expect(client.received).toEqual([])
  })

  test('17 a signature over another body is none, whatever hash the header claims', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    const management = clientOf(gateway.url)
    let claimed = '{"n":1}'
    management.middlewareStack.add(
      (next) => (args) => {
        const { request } = args
        if (typeof request === 'object' && request !== null && 'headers' in request) {
          const hash = createHash('sha256').update(claimed).digest('hex')
          Object.assign(request.headers ?? {}, { 'x-amz-content-sha256': hash })
        }
        return next(args)
      },
      { step: 'build' },
    )
    await post(management, connectionIdOf(gateway), '{"n":1}')
    expect(await client.next()).toEqual({ n: 1 })
    claimed = '{"n":2}'
    await expect(post(management, connectionIdOf(gateway), '{"n":1}')).rejects.toMatchObject({
      name: 'ForbiddenException',
    })
    expect(client.received).toHaveLength(1)
  })

  test("17 beyond the account's rate it is a LimitExceededException", async () => {
    const now = Date.now()
    const gateway = await startTestGateway({
      limits: { requestsPerSecond: 1, requestBurst: 1 },
      clock: () => now,
    })
    await connectTo(gateway.url)
    const management = clientOf(gateway.url)
    await post(management, connectionIdOf(gateway))
    await expect(post(management, connectionIdOf(gateway))).rejects.toMatchObject({
      name: 'LimitExceededException',
      $metadata: { httpStatusCode: 429 },
    })
  })

  test('17 during $connect it is a GoneException', async () => {
    const posts: unknown[] = []
    const gateway: TestGateway = await startTestGateway({
      handlers: {
        connect: async ({ requestContext: { connectionId } }) => {
          await post(clientOf(gateway.url), connectionId).catch(({ name }) => posts.push(name))
          return { statusCode: 200 }
        },
      },
    })
    await connectTo(gateway.url)
    expect(posts).toEqual(['GoneException'])
  })

  test('faults make posts fail, or late', async () => {
    const gateway = await startTestGateway({ random: () => 0.5 })
    const client = await connectTo(gateway.url)
    const management = clientOf(gateway.url)
    gateway.faults.set({ throttledPosts: 0.6 })
    await expect(post(management, connectionIdOf(gateway))).rejects.toThrow(
      expect.objectContaining({ name: 'LimitExceededException' }),
    )
    gateway.faults.set({ throttledPosts: 0.4, gonePosts: 1 })
    await expect(post(management, connectionIdOf(gateway))).rejects.toThrow(
      expect.objectContaining({ name: 'GoneException' }),
    )
    gateway.faults.set({ gonePosts: 0, postLatencyMs: 50 })
    const startedAt = performance.now()
    await post(management, connectionIdOf(gateway))
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(48)
    expect(await client.next()).toEqual({ n: 1 })
  })
})

describe('18 DELETE', () => {
  test('18 closes with 1000, and says so to $disconnect', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    const management = clientOf(gateway.url)
    await post(management, connectionIdOf(gateway), '{"type":"disconnect"}')
    const { $metadata } = await management.send(
      new DeleteConnectionCommand({ ConnectionId: connectionIdOf(gateway) }),
    )
    expect($metadata.httpStatusCode).toBe(204)
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(client.received).toEqual(['{"type":"disconnect"}'])
    await eventually(() => gateway.invoked.disconnect.length === 1, '$disconnect')
    expect(gateway.invoked.disconnect[0]?.requestContext).toMatchObject({
      disconnectStatusCode: 1000,
      disconnectReason: 'Connection Closed Normally',
    })
  })

  test('18 a client that does not answer the close is gone for posts at once, and cut off in time', async () => {
    const gateway = await startTestGateway({ limits: { closeTimeoutMs: 50 } })
    const client = await connectTo(gateway.url)
    client.ws.pause()
    const management = clientOf(gateway.url)
    const ConnectionId = connectionIdOf(gateway)
    await management.send(new DeleteConnectionCommand({ ConnectionId }))
    await expect(post(management, ConnectionId)).rejects.toMatchObject({ name: 'GoneException' })
    await expect(management.send(new DeleteConnectionCommand({ ConnectionId }))).rejects.toMatchObject({
      name: 'GoneException',
    })
    await eventually(() => gateway.invoked.disconnect.length === 1, '$disconnect')
  })
})

describe('19 GET', () => {
  test('19 tells when it connected, from where, and when it was last active', async () => {
    const startedAtMs = Date.now()
    let nowMs = startedAtMs
    const gateway = await startTestGateway({ clock: () => nowMs })
    const client = await connectTo(gateway.url, { headers: { 'User-Agent': 'test' } })
    nowMs += 1000
    client.send({ action: 'ping' })
    await eventually(() => gateway.invoked['room-actions'].length === 1, 'the frame')
    const management = clientOf(gateway.url)
    const ConnectionId = connectionIdOf(gateway)
    expect(await management.send(new GetConnectionCommand({ ConnectionId }))).toMatchObject({
      ConnectedAt: new Date(startedAtMs),
      LastActiveAt: new Date(startedAtMs + 1000),
      Identity: { SourceIp: '127.0.0.1', UserAgent: 'test' },
    })
    await expect(
      management.send(new GetConnectionCommand({ ConnectionId: unknownId })),
    ).rejects.toMatchObject({ name: 'GoneException' })
  })
})

describe('22 ids', () => {
  test('22 have 16 characters and end in "=", which the SDK encodes', async () => {
    const gateway = await startTestGateway()
    for (let n = 0; n < 20; n++) {
      const client = await connectTo(gateway.url)
      expect(connectionIdOf(gateway)).toMatch(/^[A-Za-z0-9_-]{15}=$/)
      await post(clientOf(gateway.url), connectionIdOf(gateway))
      expect(await client.next()).toEqual({ n: 1 })
    }
  })
})

describe('local poster', () => {
  test('writes to what this process holds, by the same rules, and leaves the rest to the other nodes', async () => {
    const gateway = await startTestGateway({ random: () => 0 })
    const client = await connectTo(gateway.url)
    const elsewhere: string[] = []
    const remote = {
      post: async ({ connectionId }: { connectionId: string }) => {
        elsewhere.push(connectionId)
        return 'sent' as const
      },
      close: async () => 'failed' as const,
    }
    const { connections } = gateway
    const poster = makeLocalPoster({ connections, endpoint: () => gateway.url, remote })
    const own = { connectionId: connectionIdOf(gateway), endpoint: gateway.url }
    const others = { connectionId: unknownId, endpoint: 'http://node-2:8080' }

    expect(await poster.post(own, '{"n":1}')).toBe('sent')
    expect(await client.next()).toEqual({ n: 1 })
    expect(await poster.post(own, 'x'.repeat(200_000))).toBe('failed')
    gateway.faults.set({ throttledPosts: 1 })
    expect(await poster.post(own, '{}')).toBe('throttled')
    gateway.faults.set({ throttledPosts: 0, gonePosts: 1 })
    expect(await poster.post(own, '{}')).toBe('gone')
    gateway.faults.set({ gonePosts: 0 })

    expect(await poster.post(others, '{}')).toBe('sent')
    expect(await poster.close(others)).toBe('failed')
    expect(elsewhere).toEqual([unknownId])
    expect(await poster.post({ ...own, connectionId: unknownId }, '{}')).toBe('gone')
    expect(elsewhere).toHaveLength(1)

    expect(await poster.close(own)).toBe('sent')
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(await poster.post(own, '{}')).toBe('gone')
  })

  test('keeps the order of the calls, with and without latency', async () => {
    const gateway = await startTestGateway({ limits: { requestsPerSecond: null } })
    const client = await connectTo(gateway.url)
    const id = connectionIdOf(gateway)
    for (const postLatencyMs of [0, 5]) {
      gateway.faults.set({ postLatencyMs })
      await Promise.all(Array.from({ length: 100 }, (_, n) => gateway.connections.post(id, String(n))))
    }
    await eventually(() => client.received.length === 200, 'all of them')
    const numbers = Array.from({ length: 100 }, (_, n) => String(n))
    expect(client.received).toEqual([...numbers, ...numbers])
  })
})
