import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { takeTurns } from '../../../gateway/lambda/handlers.ts'
import { eventually } from '../../support/eventually.ts'
import { fakeHandlers } from '../../support/gateway/fake-handlers.ts'
import { connectTo } from '../../support/gateway/gateway-client.ts'
import { startTestGateway } from '../../support/gateway/test-gateway.ts'

const never = () => new Promise<never>(() => undefined)
const echo = async ({ body = '' }) => ({ statusCode: 200, body })

describe('1 route selection', () => {
  test('1 an action that is a route invokes its function', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    client.send({ action: 'sendMessage', content: 'hi' })
    client.send({ action: 'joinRoom' })
    await eventually(() => gateway.invoked['room-actions'].length > 0, 'joinRoom')
    expect(gateway.invoked['send-message'][0]?.requestContext.routeKey).toBe('sendMessage')
    expect(gateway.invoked['room-actions'][0]?.requestContext.routeKey).toBe('joinRoom')
    expect(gateway.invoked.default).toEqual([])
  })

  test.each([
    ['text that is not JSON', 'hello'],
    ['an empty text', ''],
    ['a list', '[{"action":"sendMessage"}]'],
    ['null', 'null'],
    ['no action', '{}'],
    ['an unknown action', '{"action":"sendmessage"}'],
    ['an action that is no text', '{"action":["sendMessage"]}'],
    ['a name that every object has', '{"action":"constructor"}'],
    ['a prototype', '{"__proto__":{"action":"sendMessage"}}'],
    ['$connect', '{"action":"$connect"}'],
    ['$disconnect', '{"action":"$disconnect"}'],
    ['$default', '{"action":"$default"}'],
  ])('1 %s goes to $default', async (_, frame) => {
    const gateway = await startTestGateway({ handlers: { default: echo } })
    const client = await connectTo(gateway.url)
    client.send(frame)
    await eventually(() => gateway.invoked.default.length > 0, '$default')
    expect(gateway.invoked.default[0]).toMatchObject({
      body: frame,
      requestContext: { routeKey: '$default' },
    })
    expect(gateway.invoked['send-message']).toEqual([])
    expect(gateway.invoked.connect).toHaveLength(1)
    expect(gateway.invoked.disconnect).toEqual([])
  })

  test('10 without a match and without $default the sender is told "Forbidden"', async () => {
    const gateway = await startTestGateway({
      routes: { sendMessage: { function: 'send-message', returnsResponse: true } },
    })
    const client = await connectTo(gateway.url)
    client.send({ action: 'joinRoom' })
    expect(await client.next()).toMatchObject({ message: 'Forbidden', connectionId: expect.any(String) })
  })
})

describe('7 message event', () => {
  test('7 has every field that API Gateway fills in, and no headers', async () => {
    const gateway = await startTestGateway({ clock: () => Date.UTC(2026, 10, 2, 3, 4, 5, 678) })
    const client = await connectTo(gateway.url, { headers: { 'User-Agent': 'test' } })
    client.send({ action: 'sendMessage' })
    await eventually(() => gateway.invoked['send-message'].length > 0, 'sendMessage')
    const [event] = gateway.invoked['send-message']
    expect(event).toEqual({
      body: '{"action":"sendMessage"}',
      isBase64Encoded: false,
      requestContext: {
        routeKey: 'sendMessage',
        eventType: 'MESSAGE',
        messageDirection: 'IN',
        messageId: expect.stringMatching(/^[\w-]{15}=$/),
        connectionId: expect.stringMatching(/^[\w-]{15}=$/),
        requestId: expect.stringMatching(/^[\w-]{15}=$/),
        extendedRequestId: event?.requestContext.requestId,
        requestTime: '02/Nov/2026:03:04:05 +0000',
        requestTimeEpoch: Date.UTC(2026, 10, 2, 3, 4, 5, 678),
        connectedAt: Date.UTC(2026, 10, 2, 3, 4, 5, 678),
        stage: 'local',
        identity: { sourceIp: '127.0.0.1', userAgent: 'test' },
        domainName: `127.0.0.1:${gateway.port}`,
        apiId: 'gateway',
        authorizer: { userId: 'ada', principalId: 'ada' },
      },
    })
    expect(JSON.parse(JSON.stringify(event))).toEqual(event)
  })

  test('7 domainName is never the Host header, to which others would be made to post', async () => {
    const gateway = await startTestGateway({ domainName: 'node-1.internal:8080' })
    await connectTo(gateway.url, { headers: { Host: 'evil.example' } })
    expect(gateway.invoked.connect[0]?.requestContext.domainName).toBe('node-1.internal:8080')
  })
})

describe('8 reply', () => {
  test('8 a body is sent where the route returns a response, and nowhere else', async () => {
    const gateway = await startTestGateway({
      handlers: { 'send-message': echo, 'room-actions': echo, default: async () => ({ statusCode: 200 }) },
      routes: {
        sendMessage: { function: 'send-message', returnsResponse: false },
        joinRoom: { function: 'room-actions', returnsResponse: true },
        $default: { function: 'default', returnsResponse: true },
      },
    })
    const client = await connectTo(gateway.url)
    client.send({ action: 'sendMessage', n: 1 })
    client.send({ action: 'no body' })
    client.send({ action: 'joinRoom', n: 2 })
    expect(await client.next()).toEqual({ action: 'joinRoom', n: 2 })
    expect(client.received).toHaveLength(1)
  })
})

describe('9 a throw', () => {
  test('9 is answered with connectionId and requestId, and the socket stays open', async () => {
    const gateway = await startTestGateway({
      handlers: {
        'send-message': async () => {
          throw new Error('secret')
        },
        'room-actions': echo,
      },
    })
    const client = await connectTo(gateway.url)
    client.send({ action: 'sendMessage' })
    const answer = await client.next()
    const { connectionId, requestId } = gateway.invoked['send-message'][0]?.requestContext ?? {}
    expect(answer).toEqual({ message: 'Internal server error', connectionId, requestId })
    expect(gateway.telemetry.errors).toMatchObject([{ error: new Error('secret') }])
    client.send({ action: 'joinRoom' })
    expect(await client.next()).toEqual({ action: 'joinRoom' })
  })

  test('9 a handler that is no async function may throw as well', async () => {
    const gateway = await startTestGateway({
      handlers: {
        'send-message': () => {
          throw new Error('at once')
        },
      },
    })
    const client = await connectTo(gateway.url)
    client.send({ action: 'sendMessage' })
    expect(await client.next()).toMatchObject({ message: 'Internal server error' })
  })

  test('21 a handler that never returns is given up after the integration timeout', async () => {
    const remaining: number[] = []
    const gateway = await startTestGateway({
      handlers: {
        'send-message': async (_, { getRemainingTimeInMillis }) => {
          remaining.push(getRemainingTimeInMillis())
          return never()
        },
        'room-actions': echo,
      },
      limits: { integrationTimeoutMs: 60 },
    })
    const client = await connectTo(gateway.url)
    client.send({ action: 'sendMessage' })
    expect(await client.next()).toMatchObject({ message: 'Internal server error' })
    expect(remaining[0]).toBeGreaterThan(40)
    expect(remaining[0]).toBeLessThanOrEqual(60)
    client.send({ action: 'joinRoom' })
    expect(await client.next()).toEqual({ action: 'joinRoom' })
  })
})

describe('11 order', () => {
  test('11 frames of one connection are invoked beside each other: the later one can finish first', async () => {
    const first = Promise.withResolvers<void>()
    const gateway = await startTestGateway({
      handlers: {
        'send-message': async ({ body = '' }) => {
          if (body.includes('first')) await first.promise
          return { statusCode: 200, body }
        },
      },
    })
    const client = await connectTo(gateway.url)
    client.send({ action: 'sendMessage', n: 'first' })
    client.send({ action: 'sendMessage', n: 'second' })
    expect(await client.next()).toMatchObject({ n: 'second' })
    first.resolve()
    expect(await client.next()).toMatchObject({ n: 'first' })
  })

  test.each([
    ['large', 20_000],
    ['small', 10],
  ])(
    'a flood of %s frames has a bounded number of invocations in hand, and none is lost',
    async (_, size) => {
      let running = 0
      let most = 0
      const gate = Promise.withResolvers<void>()
      const gateway = await startTestGateway({
        handlers: {
          'send-message': async () => {
            most = Math.max(most, ++running)
            await gate.promise
            await new Promise(setImmediate)
            running--
            return { statusCode: 200 }
          },
        },
        limits: { invocationsPerConnection: 5 },
      })
      const client = await connectTo(gateway.url)
      const filler = 'x'.repeat(size)
      for (let n = 0; n < 500; n++) client.send({ action: 'sendMessage', n, filler })
      await eventually(() => running === 5, 'five invocations')
      // Time enough to read on: the gateway answers another client many times over.
      const other = await connectTo(gateway.url)
      for (let n = 0; n < 200; n++) {
        other.ws.ping()
        await once(other.ws, 'pong')
      }
      // 10 MB don't fit into the kernel's buffers: what is not read stays with the client.
      if (size > 1000) expect(client.ws.bufferedAmount).toBeGreaterThan(0)
      gate.resolve()
      await eventually(() => gateway.invoked['send-message'].length === 500, 'all of them')
      const order = gateway.invoked['send-message'].map(({ body = '' }) => JSON.parse(body).n)
      expect(order).toEqual(order.toSorted((a, b) => a - b))
      expect(most).toBe(5)
    },
  )
})

describe('12 size', () => {
  const frameOf = (bytes: number) => {
    const empty = JSON.stringify({ action: 'joinRoom', text: '' })
    return JSON.stringify({ action: 'joinRoom', text: 'x'.repeat(bytes - empty.length) })
  }

  test('12 a frame of exactly 32 KiB passes', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    client.send(frameOf(32 * 1024))
    await eventually(() => gateway.invoked['room-actions'].length === 1, 'the frame')
    expect(gateway.invoked['room-actions'][0]?.body).toHaveLength(32 * 1024)
  })

  test.each([32 * 1024 + 1, 40 * 1024])('12 a frame of %i bytes closes with 1009', async (bytes) => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    client.send(frameOf(bytes))
    expect(await client.closed).toMatchObject({ code: 1009 })
    await eventually(() => gateway.invoked.disconnect.length === 1, '$disconnect')
    expect(gateway.invoked.disconnect[0]?.requestContext.disconnectStatusCode).toBe(1009)
    expect(gateway.invoked['room-actions']).toEqual([])
  })

  test('12 a message of several frames is one message', async () => {
    const gateway = await startTestGateway({ handlers: { 'room-actions': echo } })
    const client = await connectTo(gateway.url)
    for (const [part, fin] of [
      ['{"action":', false],
      ['"join', false],
      ['Room"}', true],
    ] as const) {
      client.ws.send(part, { fin })
    }
    expect(await client.next()).toEqual({ action: 'joinRoom' })
  })

  test('12 a message of several frames may not exceed the size of one: stricter than the 128 KB of AWS', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    client.ws.send('x'.repeat(20_000), { fin: false })
    client.ws.send('x'.repeat(20_000), { fin: true })
    expect(await client.closed).toMatchObject({ code: 1009 })
  })

  test('a reply that no post could carry is answered as a failure', async () => {
    const gateway = await startTestGateway({
      handlers: { 'send-message': async () => ({ statusCode: 200, body: 'x'.repeat(128 * 1024 + 1) }) },
    })
    const client = await connectTo(gateway.url)
    client.send({ action: 'sendMessage' })
    expect(await client.next()).toMatchObject({ message: 'Internal server error' })
  })
})

describe('13 what is not text', () => {
  test('13 a binary frame closes with 1003', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    client.ws.send(Buffer.from('{"action":"joinRoom"}'))
    client.send({ action: 'joinRoom' })
    expect(await client.closed).toMatchObject({ code: 1003 })
    await eventually(() => gateway.invoked.disconnect.length === 1, '$disconnect')
    expect(gateway.invoked.disconnect[0]?.requestContext.disconnectStatusCode).toBe(1003)
    expect(gateway.invoked['room-actions']).toEqual([])
  })

  test('invalid UTF-8 closes with 1007', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    client.ws.send(Buffer.from([0x7b, 0xff, 0xfe]), { binary: false })
    expect(await client.closed).toMatchObject({ code: 1007 })
    await eventually(() => gateway.invoked.disconnect.length === 1, '$disconnect')
    expect(gateway.invoked.disconnect[0]?.requestContext.disconnectStatusCode).toBe(1007)
  })
})

describe('20 rate', () => {
  test('20 frames beyond the account\'s rate are answered "Too Many Requests"', async () => {
    const gateway = await startTestGateway({
      limits: { requestsPerSecond: 1, requestBurst: 2 },
      clock: () => 1_000_000,
    })
    const client = await connectTo(gateway.url)
    for (let n = 0; n < 3; n++) client.send({ action: 'sendMessage', n })
    expect(await client.next()).toMatchObject({ message: 'Too Many Requests' })
    expect(gateway.invoked['send-message']).toHaveLength(2)
  })
})

describe('handlers', () => {
  test('invocations are spread over several sets that share nothing', async () => {
    const sets = [fakeHandlers(), fakeHandlers()] as const
    const gateway = await startTestGateway({ pickHandlers: takeTurns([sets[0].handlers, sets[1].handlers]) })
    const client = await connectTo(gateway.url)
    for (let n = 0; n < 4; n++) client.send({ action: 'sendMessage', n })
    await eventually(
      () => sets.every(({ invoked }) => invoked['send-message'].length === 2),
      'two invocations each',
    )
  })
})
