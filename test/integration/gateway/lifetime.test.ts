import { describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { connectTo } from '../../support/gateway/gateway-client.ts'
import { startTestGateway, type TestGateway } from '../../support/gateway/test-gateway.ts'

const disconnectOf = async (gateway: TestGateway) => {
  await eventually(() => gateway.invoked.disconnect.length > 0, '$disconnect')
  expect(gateway.invoked.disconnect).toHaveLength(1)
  return gateway.invoked.disconnect[0]?.requestContext
}

/** A clock that a test moves. */
const makeClock = () => {
  let nowMs = 1_000_000
  return {
    clock: () => nowMs,
    advance: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('14 idle', () => {
  test('14 ten minutes without a frame either way close with 1001', async () => {
    const { clock, advance } = makeClock()
    const gateway = await startTestGateway({ clock, limits: { pingIntervalMs: 86_400_000 } })
    const client = await connectTo(gateway.url)
    advance(10 * 60_000)
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' })
    expect(await disconnectOf(gateway)).toMatchObject({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    })
  })

  test('14 a frame in either direction counts, a protocol ping does not', async () => {
    const { clock, advance } = makeClock()
    const gateway = await startTestGateway({ clock, limits: { idleMs: 1000, pingIntervalMs: 86_400_000 } })
    const client = await connectTo(gateway.url)
    const id = gateway.invoked.connect[0]?.requestContext.connectionId ?? ''
    advance(900)
    client.send({ action: 'ping' })
    await eventually(() => gateway.invoked['room-actions'].length === 1, 'the frame')
    advance(900)
    expect(await gateway.connections.post(id, '{}')).toBe('sent')
    await client.next()
    advance(900)
    const ponged = new Promise((resolve) => client.ws.once('pong', resolve))
    client.ws.ping()
    await ponged
    expect(gateway.connections.size()).toBe(1)
    advance(100)
    expect(await client.closed).toMatchObject({ code: 1001 })
  })

  test('14 a limit that is switched off closes nothing', async () => {
    const { clock, advance } = makeClock()
    const limits = { idleMs: null, maxAgeMs: null, pingIntervalMs: 1e12, sweepIntervalMs: 1 }
    const gateway = await startTestGateway({ clock, limits })
    const client = await connectTo(gateway.url)
    advance(86_400_000)
    const ponged = new Promise((resolve) => client.ws.once('pong', resolve))
    client.ws.ping()
    await ponged
    expect(gateway.connections.size()).toBe(1)
  })
})

describe('15 age', () => {
  test('15 two hours close with 1001, however busy the connection is', async () => {
    const { clock, advance } = makeClock()
    const gateway = await startTestGateway({ clock, limits: { pingIntervalMs: 86_400_000 } })
    const client = await connectTo(gateway.url)
    for (let minutes = 0; minutes < 119; minutes += 7) {
      advance(7 * 60_000)
      client.send({ action: 'ping' })
      const count = minutes / 7 + 1
      await eventually(() => gateway.invoked['room-actions'].length === count, 'the frame')
    }
    expect(gateway.connections.size()).toBe(1)
    advance(60_000)
    expect(await client.closed).toMatchObject({ code: 1001 })
  })
})

describe('16 $disconnect', () => {
  test('16 tells the code and the reason that the client gave', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    client.ws.close(4000, 'lunch')
    const { connectionId } = gateway.invoked.connect[0]?.requestContext ?? {}
    expect(await disconnectOf(gateway)).toMatchObject({
      routeKey: '$disconnect',
      eventType: 'DISCONNECT',
      disconnectStatusCode: 4000,
      disconnectReason: 'lunch',
      connectionId,
    })
    expect(gateway.connections.size()).toBe(0)
  })

  test('16 says 1005 where the client gave no code', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    client.ws.close()
    expect(await disconnectOf(gateway)).toMatchObject({ disconnectStatusCode: 1005 })
  })

  test('16 says 1006 for a client that vanished without a close frame', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    client.ws.terminate()
    expect(await disconnectOf(gateway)).toMatchObject({ disconnectStatusCode: 1006 })
  })

  test('16 a peer that no longer answers pings is given up', async () => {
    const gateway = await startTestGateway({ limits: { pingIntervalMs: 40 } })
    const silent = await connectTo(gateway.url, { autoPong: false })
    const alive = await connectTo(gateway.url)
    expect(await disconnectOf(gateway)).toMatchObject({ disconnectStatusCode: 1006 })
    expect(await silent.closed).toMatchObject({ code: 1006 })
    expect(alive.ws.readyState).toBe(alive.ws.OPEN)
    expect(gateway.connections.size()).toBe(1)
  })

  test('16 a $disconnect that throws is logged, and the gateway goes on', async () => {
    const gateway = await startTestGateway({
      handlers: {
        disconnect: async () => {
          throw new Error('no store')
        },
      },
    })
    const client = await connectTo(gateway.url)
    client.ws.close()
    await eventually(() => gateway.telemetry.errors.length === 1, 'the log')
    await connectTo(gateway.url)
  })

  test('16 many at once are invoked a bounded number at a time', async () => {
    let running = 0
    let most = 0
    const gateway = await startTestGateway({
      handlers: {
        disconnect: async () => {
          most = Math.max(most, ++running)
          await new Promise(setImmediate)
          running--
          return { statusCode: 200 }
        },
      },
      limits: { disconnectsAtOnce: 3 },
    })
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectTo(gateway.url)))
    for (const client of clients) client.ws.terminate()
    await eventually(() => gateway.invoked.disconnect.length === 20 && running === 0, 'all of them')
    expect(most).toBeLessThanOrEqual(3)
  })

  test('16 is lost where a fault says so', async () => {
    const gateway = await startTestGateway({ faults: { lostDisconnects: 1 } })
    const client = await connectTo(gateway.url)
    client.ws.terminate()
    await eventually(() => gateway.faults.counts().lostDisconnects === 1, 'the loss')
    expect(gateway.invoked.disconnect).toEqual([])
    gateway.faults.set({ lostDisconnects: 0 })
    const next = await connectTo(gateway.url)
    next.ws.close()
    await disconnectOf(gateway)
  })
})

describe('a slow reader', () => {
  const filler = JSON.stringify({ filler: 'x'.repeat(100_000) })

  test('17 is throttled once too much waits for it, and served again when it has read', async () => {
    const gateway = await startTestGateway({ limits: { sendBufferBytes: 200_000, requestsPerSecond: null } })
    const client = await connectTo(gateway.url)
    const id = gateway.invoked.connect[0]?.requestContext.connectionId ?? ''
    client.ws.pause()
    let posts = 0
    await eventually(async () => {
      const outcome = await gateway.connections.post(id, filler)
      if (outcome === 'sent') posts++
      return outcome === 'throttled'
    }, 'a 429')
    client.ws.resume()
    await eventually(() => client.received.length === posts, 'what was sent')
    expect(await gateway.connections.post(id, '{}')).toBe('sent')
  })

  test('is cut off when a reply finds no room', async () => {
    const gateway = await startTestGateway({
      handlers: { 'send-message': async () => ({ statusCode: 200, body: filler }) },
      limits: { sendBufferBytes: 200_000, requestsPerSecond: null },
    })
    const client = await connectTo(gateway.url)
    client.ws.pause()
    await eventually(() => {
      client.send({ action: 'sendMessage' })
      return gateway.invoked.disconnect.length > 0
    }, '$disconnect')
    expect(await disconnectOf(gateway)).toMatchObject({ disconnectStatusCode: 1008 })
    expect(gateway.connections.size()).toBe(0)
  })
})
