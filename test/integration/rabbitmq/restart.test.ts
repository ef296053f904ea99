import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type BrokerConnection, makeBrokerConnection } from '../../../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../../../adapters/rabbitmq/lane-consumer.ts'
import { makeRoomPublisher } from '../../../adapters/rabbitmq/room-publisher.ts'
import { declareTopology } from '../../../adapters/rabbitmq/topology.ts'
import { makeTelemetry } from '../../memory/telemetry.ts'
import { numbersOf, retryJob, roomsIn, upTo } from '../../support/lanes/lane-jobs.ts'
import { ownTopology } from '../../support/lanes/rabbitmq-lanes.ts'
import { type RecordReader, readLane, soon } from '../../support/lanes/record-reader.ts'
import { needs } from '../../support/requirements.ts'
import {
  canStartRabbitMq,
  type RabbitMqServer,
  startRabbitMqServer,
} from '../../support/servers/rabbitmq-server.ts'

describe('a broker in trouble', needs('RabbitMQ', await canStartRabbitMq()), () => {
  const topology = ownTopology()
  const telemetry = makeTelemetry()
  const [room = ''] = roomsIn('lane.0', topology.laneCounts, 1)
  const prepare = (channel: Parameters<typeof declareTopology>[0]) => declareTopology(channel, topology)
  let server: RabbitMqServer
  let connections: readonly BrokerConnection[]
  let reader: RecordReader | undefined

  beforeAll(async () => {
    server = await startRabbitMqServer()
  })
  afterEach(async () => {
    await reader?.stop()
    await Promise.all(connections.map(({ close }) => close()))
  })
  afterAll(() => server.remove())

  test('a publisher is not ready while the broker is short of memory, and publishes when it is not', async () => {
    const connection = makeBrokerConnection({ url: server.url, telemetry, prepare, confirmTimeoutMs: 500 })
    connections = [connection]
    const publisher = makeRoomPublisher({ connection, topology, newId: randomUUID, telemetry })
    await publisher.ready()
    await setMemoryAlarm(server, true)
    await expect(publisher.publish(retryJob(room, 1))).rejects.toMatchObject({ code: 'unavailable' })
    await expect(publisher.ready()).rejects.toThrow('accepts no messages now')
    await setMemoryAlarm(server, false)
    await soon(() => publisher.ready())
    await publisher.publish(retryJob(room, 2))
  }, 30_000)

  test('is killed and started again: publisher and consumer recover, and nothing confirmed is lost', async () => {
    const publishing = makeBrokerConnection({ url: server.url, telemetry, prepare, confirmTimeoutMs: 500 })
    const reading = makeBrokerConnection({ url: server.url, telemetry })
    connections = [publishing, reading]
    const publisher = makeRoomPublisher({ connection: publishing, topology, newId: randomUUID, telemetry })
    await publisher.ready()
    const taking = await readLane(makeLaneConsumer({ connection: reading, topology, telemetry }), 'lane.0')
    reader = taking

    const confirmed = new Set<number>()
    const publish = async (n: number) => {
      await publisher.publish(retryJob(room, n))
      confirmed.add(n)
    }
    const failed = await publishUntilItFails(publish, server.kill)
    await expect(publisher.ready()).rejects.toMatchObject({ code: 'unavailable' })
    await expect(publisher.publish(retryJob(room, failed))).rejects.toMatchObject({ code: 'unavailable' })
    await server.start()
    for (const n of upTo(20)) await publish(failed + n)

    await vi.waitFor(
      () => {
        const seen = new Set(numbersOf(taking.taken, room))
        expect([...confirmed].filter((n) => !seen.has(n))).toEqual([])
      },
      { timeout: 15_000, interval: 20 },
    )
    const firstTimes = [...new Set(numbersOf(taking.taken, room))]
    expect(firstTimes).toEqual(firstTimes.toSorted((a, b) => a - b))
  }, 60_000)
})

/** The alarm that a broker raises when it is short of memory: it then reads from no connection that publishes. */
const setMemoryAlarm = (server: RabbitMqServer, on: boolean): Promise<void> =>
  server.control('set_vm_memory_high_watermark', on ? '0' : '0.4')

/** Publishes 1, 2, 3, … and has the broker killed under way; resolves with the number that failed. */
const publishUntilItFails = async (
  publish: (n: number) => Promise<void>,
  kill: () => Promise<void>,
): Promise<number> => {
  for (let n = 1; n <= 5_000; n++) {
    const killing = n === 50 ? kill() : undefined
    try {
      await publish(n)
    } catch (error) {
      expect(error).toMatchObject({ code: 'unavailable' })
      return n
    } finally {
      await killing
    }
  }
  throw new Error('The broker was killed, and no publish failed')
}
