import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { allow, deny } from '../../support/gateway/fake-handlers.ts'
import { connectTo, refusalOf } from '../../support/gateway/gateway-client.ts'
import { startTestGateway } from '../../support/gateway/test-gateway.ts'

// A number at the head of a title, here and in the other gateway suites, is that of the behaviour of AWS which it
// holds the gateway to: 1 to 22 API Gateway, 23 to 25 Lambda's event source for RabbitMQ. 26 has no test: that
// environments freeze between invocations does not concern a process that stays awake, and that there are several
// is `takeTurns`.

describe('2 authorizer', () => {
  test('2 a policy that denies refuses with 403, and nothing else is invoked', async () => {
    const gateway = await startTestGateway({ handlers: { authorize: async () => deny() } })
    const { status, body } = await refusalOf(gateway.url)
    expect(status).toBe(403)
    expect(JSON.parse(body)).toMatchObject({ message: 'Forbidden' })
    expect(gateway.invoked.connect).toEqual([])
    expect(gateway.invoked.disconnect).toEqual([])
  })

  test('2 an authorizer that throws "Unauthorized" refuses with 401', async () => {
    const gateway = await startTestGateway({
      handlers: {
        authorize: async () => {
          throw new Error('Unauthorized')
        },
      },
    })
    expect(await refusalOf(gateway.url)).toMatchObject({
      status: 401,
      body: expect.stringContaining('Unauthorized'),
    })
    expect(gateway.telemetry.errors).toEqual([])
  })

  test.each([
    [
      'throws anything else',
      async () => {
        throw new Error('unauthorized')
      },
    ],
    ['returns a nested context', async () => Object.assign(allow({}), { context: { rooms: ['a'] } })],
    ['returns a context over 8 KB', async () => allow({ rooms: 'r'.repeat(8 * 1024) })],
    ['returns no policy', async () => Object.assign(allow({}), { policyDocument: undefined })],
  ])('2 an authorizer that %s refuses with 500 and is logged once', async (_, authorize) => {
    const gateway = await startTestGateway({ handlers: { authorize } })
    const { status, body } = await refusalOf(gateway.url)
    expect(status).toBe(500)
    expect(JSON.parse(body)).toMatchObject({ message: 'Internal server error' })
    expect(gateway.telemetry.errors).toHaveLength(1)
    expect(gateway.invoked.connect).toEqual([])
  })

  test('2 the authorizer sees headers, query string and methodArn', async () => {
    const gateway = await startTestGateway()
    await connectTo(`${gateway.url}/local?roomId=a&roomId=b&userId=ada`, {
      headers: { 'X-Test': 'yes' },
      protocols: [],
    })
    expect(gateway.invoked.authorize[0]).toMatchObject({
      type: 'REQUEST',
      methodArn: 'arn:aws:execute-api:us-east-1:000000000000:gateway/local/$connect',
      headers: { 'X-Test': 'yes' },
      multiValueHeaders: { 'X-Test': ['yes'] },
      queryStringParameters: { roomId: 'b', userId: 'ada' },
      multiValueQueryStringParameters: { roomId: ['a', 'b'], userId: ['ada'] },
      requestContext: { routeKey: '$connect', eventType: 'CONNECT', stage: 'local' },
    })
  })
})

describe('3 context', () => {
  test('3 what the authorizer told reaches $connect, every message and $disconnect', async () => {
    const context = { userId: 'ada', exp: 1_800_000_000, admin: false }
    const gateway = await startTestGateway({ handlers: { authorize: async () => allow(context) } })
    const client = await connectTo(gateway.url)
    client.send({ action: 'sendMessage' })
    client.ws.close()
    await eventually(() => gateway.invoked.disconnect.length > 0, '$disconnect')
    const { connect, disconnect } = gateway.invoked
    for (const [event] of [connect, gateway.invoked['send-message'], disconnect]) {
      expect(event?.requestContext.authorizer).toEqual({ ...context, principalId: 'ada' })
    }
  })
})

describe('4 $connect', () => {
  test('4 a refusal is the status and the body of the HTTP response', async () => {
    const body = JSON.stringify({ type: 'error', code: 'forbidden' })
    const gateway = await startTestGateway({ handlers: { connect: async () => ({ statusCode: 403, body }) } })
    expect(await refusalOf(gateway.url)).toEqual({ status: 403, body })
    expect(gateway.connections.size()).toBe(0)
    expect(gateway.invoked.disconnect).toEqual([])
  })

  test('4 a throw answers 502', async () => {
    const gateway = await startTestGateway({
      handlers: {
        connect: async () => {
          throw new Error('secret')
        },
      },
    })
    const { status, body } = await refusalOf(gateway.url)
    expect(status).toBe(502)
    expect(body).not.toContain('secret')
    expect(gateway.telemetry.errors).toHaveLength(1)
  })

  test('4 a $connect that never returns answers 504 after the integration timeout', async () => {
    const gateway = await startTestGateway({
      handlers: { connect: () => new Promise(() => undefined) },
      limits: { integrationTimeoutMs: 50 },
    })
    expect(await refusalOf(gateway.url)).toMatchObject({ status: 504 })
    expect(gateway.connections.size()).toBe(0)
  })

  test('4 any path is upgraded', async () => {
    const gateway = await startTestGateway()
    for (const path of ['', '/', '/local', '/prod/']) await connectTo(gateway.url + path)
    expect(gateway.connections.size()).toBe(4)
  })
})

describe('5 during $connect', () => {
  test('5 during $connect a post answers 410, and after it the same post arrives', async () => {
    const returned = Promise.withResolvers<void>()
    const gateway = await startTestGateway({
      handlers: {
        connect: async () => {
          await returned.promise
          return { statusCode: 200 }
        },
      },
    })
    const opening = connectTo(gateway.url)
    await eventually(() => gateway.invoked.connect.length > 0, '$connect')
    const id = gateway.invoked.connect[0]?.requestContext.connectionId ?? ''
    expect(await gateway.connections.post(id, 'early')).toBe('gone')
    expect(await gateway.connections.close(id)).toBe('gone')
    returned.resolve()
    const client = await opening
    expect(await gateway.connections.post(id, '"late"')).toBe('sent')
    expect(await client.next()).toBe('late')
    expect(client.received).toHaveLength(1)
  })

  test('5 connectLatencyMs makes that time longer', async () => {
    const gateway = await startTestGateway({ faults: { connectLatencyMs: 60 } })
    const startedAt = performance.now()
    await connectTo(gateway.url)
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(58)
  })

  test('what is posted from the moment of acceptance keeps its order', async () => {
    const gateway = await startTestGateway()
    const opening = connectTo(gateway.url)
    await eventually(() => gateway.invoked.connect.length > 0, '$connect')
    const id = gateway.invoked.connect[0]?.requestContext.connectionId ?? ''
    const sent: string[] = []
    for (let index = 0; sent.length < 200; index++) {
      if ((await gateway.connections.post(id, String(index))) === 'sent') sent.push(String(index))
      else await new Promise(setImmediate)
    }
    const client = await opening
    await eventually(() => client.received.length === 200, 'all frames')
    expect(client.received).toEqual(sent)
  })

  test('a client that vanishes during $connect still gets its $disconnect', async () => {
    const returned = Promise.withResolvers<void>()
    const gateway = await startTestGateway({
      handlers: {
        connect: async () => {
          await returned.promise
          return { statusCode: 200 }
        },
      },
    })
    for (const how of ['end', 'reset'] as const) {
      const socket = connectTcp(gateway.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(upgradeRequest)
      const calls = gateway.invoked.connect.length
      await eventually(() => gateway.invoked.connect.length > calls, '$connect')
      if (how === 'end') socket.destroy()
      else socket.resetAndDestroy()
      await once(socket, 'close')
    }
    returned.resolve()
    await eventually(() => gateway.invoked.disconnect.length === 2, '$disconnect of both')
    expect(gateway.invoked.disconnect.map(({ requestContext }) => requestContext)).toMatchObject([
      { disconnectStatusCode: 1006 },
      { disconnectStatusCode: 1006 },
    ])
    expect(gateway.connections.size()).toBe(0)
  })
})

describe('6 subprotocol', () => {
  const choosing = (protocol: string) => ({
    connect: async () => ({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': protocol } }),
  })

  test('6 the one that $connect chose is echoed', async () => {
    const gateway = await startTestGateway({ handlers: choosing('simple-chat.v1') })
    const client = await connectTo(gateway.url, { protocols: ['simple-chat.v1', 'token.abc'] })
    expect(client.ws.protocol).toBe('simple-chat.v1')
    const headers = Object.entries(gateway.invoked.connect[0]?.headers ?? {})
    const offered = headers.find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1]
    expect(offered?.split(',').map((name) => name.trim())).toEqual(['simple-chat.v1', 'token.abc'])
  })

  test('6 without one in the response none is echoed, and a client that offered some gives up', async () => {
    const gateway = await startTestGateway()
    await expect(connectTo(gateway.url, { protocols: ['simple-chat.v1'] })).rejects.toThrow(
      'Server sent no subprotocol',
    )
    await eventually(() => gateway.invoked.disconnect.length === 1, '$disconnect')
  })

  test('6 one that was not offered is a defect: 502', async () => {
    const gateway = await startTestGateway({ handlers: choosing('other') })
    expect(await refusalOf(gateway.url, { protocols: ['simple-chat.v1'] })).toMatchObject({ status: 502 })
    expect(String(gateway.telemetry.errors[0]?.error)).toContain('other')
  })
})

describe('before the authorizer', () => {
  test.each([
    ['no key', upgradeRequestWith({ 'Sec-WebSocket-Key': 'x' }), 400],
    ['another version', upgradeRequestWith({ 'Sec-WebSocket-Version': '12' }), 400],
    ['another protocol', upgradeRequestWith({ Upgrade: 'h2c' }), 400],
    ['a broken list of subprotocols', upgradeRequestWith({ 'Sec-WebSocket-Protocol': 'a,,b' }), 400],
  ])('an upgrade request with %s is refused and nobody is invoked', async (_, request, status) => {
    const gateway = await startTestGateway()
    const socket = connectTcp(gateway.port, '127.0.0.1')
    onTestFinished(() => {
      socket.destroy()
    })
    socket.write(request)
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\nContent-Type: application/json`))
    expect(gateway.invoked.authorize).toEqual([])
  })

  test('a page of another origin is refused with 403', async () => {
    const gateway = await startTestGateway({ allowedOrigins: ['http://chat.example'] })
    expect(await refusalOf(gateway.url, { origin: 'http://evil.example' })).toMatchObject({ status: 403 })
    expect(gateway.invoked.authorize).toEqual([])
    await connectTo(gateway.url, { origin: 'http://chat.example' })
    await connectTo(gateway.url)
  })

  test('"same-host" lets in the pages of this host only', async () => {
    const gateway = await startTestGateway({ allowedOrigins: 'same-host' })
    await connectTo(gateway.url, { origin: gateway.url })
    for (const origin of ['http://127.0.0.1:1', 'null', 'http://evil.example']) {
      expect(await refusalOf(gateway.url, { origin })).toMatchObject({ status: 403 })
    }
    const local = `localhost:${gateway.port}`
    await connectTo(gateway.url, { origin: `http://${local}`, headers: { host: local } })
    const rebound = `evil.example:${gateway.port}`
    const page = { origin: `http://${rebound}`, headers: { host: rebound } }
    expect(await refusalOf(gateway.url, page)).toMatchObject({ status: 403 })
  })

  test('20 more new connections a second than allowed are refused with 429', async () => {
    const gateway = await startTestGateway({ limits: { connectionsPerSecond: 2 }, clock: () => 1_000_000 })
    await connectTo(gateway.url)
    await connectTo(gateway.url)
    expect(await refusalOf(gateway.url)).toMatchObject({ status: 429 })
  })
})

function upgradeRequestWith(headers: Record<string, string>): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return `GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

const upgradeRequest = upgradeRequestWith({})
