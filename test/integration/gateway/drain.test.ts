import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { connectTo, refusalOf } from '../../support/gateway/gateway-client.ts'
import { startTestGateway } from '../../support/gateway/test-gateway.ts'
import { makeHandFedLane } from '../../support/lanes/hand-fed-lane.ts'

const goingAway = { type: 'disconnect', code: 4503, reason: 'going away', reconnect: true }

describe('drain', () => {
  test('finishes what is in hand, tells everybody to come back, and runs every $disconnect', async () => {
    const reply = Promise.withResolvers<void>()
    const gateway = await startTestGateway({
      handlers: {
        'send-message': async () => {
          await reply.promise
          return { statusCode: 200, body: '{"type":"ack"}' }
        },
      },
    })
    const clients = await Promise.all(Array.from({ length: 10 }, () => connectTo(gateway.url)))
    clients[0]?.send({ action: 'sendMessage' })
    await eventually(() => gateway.invoked['send-message'].length === 1, 'sendMessage')

    const drained = gateway.drain()
    expect(await refusalOf(gateway.url)).toMatchObject({ status: 503 })
    const health = await fetch(`${gateway.url}/health`)
    expect(health.status).toBe(503)
    expect(await health.json()).toMatchObject({ status: 'draining', invocations: 1 })
    clients[1]?.send({ action: 'sendMessage' })
    expect(clients[0]?.received).toEqual([])
    reply.resolve()
    await drained

    expect(clients[0]?.received.map((frame) => JSON.parse(frame))).toEqual([{ type: 'ack' }, goingAway])
    for (const client of clients) {
      expect(JSON.parse(client.received.at(-1) ?? '')).toEqual(goingAway)
      expect(await client.closed).toMatchObject({ code: 1001 })
    }
    expect(gateway.invoked['send-message']).toHaveLength(1)
    expect(gateway.invoked.disconnect).toHaveLength(10)
    expect(gateway.invoked.disconnect[0]?.requestContext.disconnectStatusCode).toBe(1001)
    expect(gateway.telemetry.warnings).toEqual([])
    await expect(fetch(`${gateway.url}/health`)).rejects.toThrow()
  })

  test('stops the pollers, which finish and acknowledge the batch in hand, before it tells anybody', async () => {
    const delivered = Promise.withResolvers<void>()
    const lane = makeHandFedLane()
    const gateway = await startTestGateway({
      handlers: { deliver: () => delivered.promise },
      lanes: { consumer: lane.consumer, counts: { lanes: 1, bulkLanes: 0 } },
    })
    const client = await connectTo(gateway.url)
    const batch = lane.hand([{ body: '{}', redelivered: false, messageId: 'm' }])
    const drained = gateway.drain()
    await eventually(lane.stopped, 'the poller to stop')
    const id = gateway.invoked.connect[0]?.requestContext.connectionId ?? ''
    expect(await gateway.connections.post(id, '{"type":"messages"}')).toBe('sent')
    delivered.resolve()
    await batch
    for (let n = 0; n < 20; n++) {
      client.ws.ping()
      await once(client.ws, 'pong')
    }
    expect(client.received).toHaveLength(1)
    lane.ack()
    await drained
    expect(client.received.map((frame) => JSON.parse(frame))).toEqual([{ type: 'messages' }, goingAway])
  })

  test('is bounded: what never returns is left behind, with a warning', async () => {
    const never = () => new Promise<never>(() => undefined)
    const gateway = await startTestGateway({
      handlers: { 'send-message': never, disconnect: never },
      limits: { closeTimeoutMs: 10_000 },
    })
    const deaf = await connectTo(gateway.url)
    deaf.send({ action: 'sendMessage' })
    await eventually(() => gateway.invoked['send-message'].length === 1, 'sendMessage')
    deaf.ws.pause()
    const startedAt = performance.now()
    await gateway.drain(400)
    expect(performance.now() - startedAt).toBeLessThan(1500)
    expect(gateway.telemetry.warnings).toHaveLength(2)
    expect(gateway.invoked.disconnect).toHaveLength(1)
  })

  test('goes on where the broker is out of reach', async () => {
    const stop = async () => {
      throw new Error('no broker')
    }
    const gateway = await startTestGateway({
      lanes: { consumer: { subscribe: async () => ({ stop }) }, counts: { lanes: 1, bulkLanes: 0 } },
    })
    const client = await connectTo(gateway.url)
    await gateway.drain()
    expect(await client.next()).toEqual(goingAway)
    expect(gateway.invoked.disconnect).toHaveLength(1)
    expect(gateway.telemetry.errors).toMatchObject([{ error: new Error('no broker') }])
  })

  test('a client whose $connect is running is refused, and gets its $disconnect', async () => {
    const returned = Promise.withResolvers<void>()
    const gateway = await startTestGateway({
      handlers: {
        connect: async () => {
          await returned.promise
          return { statusCode: 200 }
        },
      },
    })
    const refused = refusalOf(gateway.url)
    await eventually(() => gateway.invoked.connect.length === 1, '$connect')
    const drained = gateway.drain()
    returned.resolve()
    expect(await refused).toMatchObject({ status: 503 })
    await drained
    expect(gateway.invoked.disconnect).toHaveLength(1)
  })
})

describe('kill', () => {
  test('ends as a power cut does: no frame, no $disconnect', async () => {
    const gateway = await startTestGateway()
    const client = await connectTo(gateway.url)
    await gateway.kill()
    expect(await client.closed).toMatchObject({ code: 1006 })
    expect(client.received).toEqual([])
    expect(gateway.invoked.disconnect).toEqual([])
    await expect(fetch(gateway.url)).rejects.toThrow()
  })
})
