import { randomUUID } from 'node:crypto'
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type BrokerConnection, makeBrokerConnection } from '../../../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../../../adapters/rabbitmq/lane-consumer.ts'
import { makeRoomPublisher } from '../../../adapters/rabbitmq/room-publisher.ts'
import { declareTopology, deleteTopology, type Topology } from '../../../adapters/rabbitmq/topology.ts'
import { makeTelemetry, type RecordedTelemetry } from '../../memory/telemetry.ts'
import { eventually } from '../../support/eventually.ts'
import { spawnPublisher } from '../../support/lanes/frozen-publisher.ts'
import { numbersOf, retryJob, roomsIn } from '../../support/lanes/lane-jobs.ts'
import { ownTopology } from '../../support/lanes/rabbitmq-lanes.ts'
import { type RecordReader, readLane, soon } from '../../support/lanes/record-reader.ts'
import { needs } from '../../support/requirements.ts'
import { startTcpProxy, type TcpProxy } from '../../support/sockets/tcp-proxy.ts'

const rabbitMq = inject('rabbitMq')

/** The defaults of a connection: what a publish may take when the first one turns out to be dead. */
const [connectTimeoutMs, confirmTimeoutMs] = [2_000, 2_000]
/** Each side gives the other up after two heartbeats, and looks once in each. */
const reapedWithinMs = 8_000

describe(
  'a network that drops everything, and processes that stand still',
  needs('RabbitMQ', rabbitMq !== null),
  () => {
    let proxy: TcpProxy
    let inspector: ChannelModel
    let channel: ConfirmChannel
    let topology: Topology
    let connections: BrokerConnection[]
    let readers: RecordReader[]
    let telemetry: RecordedTelemetry
    /** Lets go of the batches that a test keeps in hand. */
    let release: () => void
    const [room = ''] = roomsIn('lane.0', { lanes: 2, bulkLanes: 1 }, 1)

    beforeEach(async () => {
      const url = rabbitMq ?? ''
      connections = []
      readers = []
      release = () => undefined
      telemetry = makeTelemetry()
      topology = ownTopology()
      proxy = await startTcpProxy(url)
      inspector = await connect(url, { noDelay: true })
      channel = await inspector.createConfirmChannel()
      await declareTopology(channel, topology)
    })
    afterEach(async () => {
      release()
      await Promise.all(readers.map(({ stop }) => stop()))
      await Promise.all(connections.map(({ close }) => close()))
      await proxy.close()
      await deleteTopology(channel, topology)
      await inspector.close()
    })

    const connectTo = (url: string) => {
      const connection = makeBrokerConnection({ url, telemetry, heartbeatSeconds: 1 })
      connections.push(connection)
      return connection
    }
    const makePublisher = () =>
      makeRoomPublisher({ connection: connectTo(proxy.url), topology, newId: randomUUID, telemetry })
    const read = async (url: string, onBatch?: () => Promise<void>) => {
      const consumer = makeLaneConsumer({ connection: connectTo(url), topology, telemetry })
      const reader = await readLane(consumer, 'lane.0', onBatch && { onBatch })
      readers.push(reader)
      return reader
    }
    const put = async (...bodies: readonly string[]) => {
      for (const body of bodies) {
        const options = { persistent: true, messageId: randomUUID() }
        channel.publish(topology.jobsExchange, 'lane.0', Buffer.from(body), options)
      }
      await channel.waitForConfirms()
    }
    /** How often each job is in the lane, by its number; all of one job have to bear the same message id. */
    const stored = async (jobs: number): Promise<ReadonlyMap<number, number>> => {
      const reader = await read(rabbitMq ?? '')
      await soon(() => expect(new Set(numbersOf(reader.taken, room)).size).toBe(jobs))
      const byNumber = Map.groupBy(reader.taken, (record) => numbersOf([record], room)[0] ?? 0)
      for (const records of byNumber.values()) {
        expect(new Set(records.map(({ messageId }) => messageId)).size).toBe(1)
      }
      return new Map([...byNumber].map(([n, records]) => [n, records.length]))
    }
    /** Each of two jobs. */
    const once = new Map([
      [1, 1],
      [2, 1],
    ])
    const brokerGaveUp = () =>
      eventually(() => proxy.openAtServer() === 0, 'the broker to give it up', reapedWithinMs)

    describe('a process that was frozen for longer than its heartbeat', () => {
      const spawned = async () => {
        const child = spawnPublisher(proxy.url, topology, room)
        child.publish(1)
        expect(await child.outcomeOf(1, 15_000)).toMatchObject({ outcome: 'stored' })
        return child
      }

      test('publishes as soon as it wakes, where the broker has ended its connection meanwhile', async () => {
        const child = await spawned()
        child.freeze()
        await brokerGaveUp()
        child.publish(2)
        child.wake()
        const { outcome, ms } = await child.outcomeOf(2, 15_000)
        expect(outcome).toBe('stored')
        expect(ms).toBeLessThan(connectTimeoutMs + confirmTimeoutMs)
        expect(child.isAlive()).toBe(true)
        expect(await stored(2)).toEqual(once)
      })

      test('does not try its old connection, where nothing tells that it has ended', async () => {
        const child = await spawned()
        child.freeze()
        proxy.strand()
        await brokerGaveUp()
        child.publish(2)
        child.wake()
        const { outcome, ms } = await child.outcomeOf(2, 15_000)
        expect(outcome).toBe('stored')
        expect(ms).toBeLessThan(connectTimeoutMs + confirmTimeoutMs)
        expect(child.output()).toMatch(/Lost the connection to the broker .*the process slept for \d{4,} ms/)
        expect(child.isAlive()).toBe(true)
        expect(await stored(2)).toEqual(once)
      })

      test('learns what became of the job that it was frozen with', async () => {
        const child = await spawned()
        proxy.strand()
        child.publish(2)
        await eventually(() => child.output().includes('2 begun'), 'the publish to begin')
        child.freeze()
        await brokerGaveUp()
        child.wake()
        expect(await child.outcomeOf(2, 15_000)).toMatchObject({ outcome: 'stored' })
        child.publish(3)
        expect(await child.outcomeOf(3, 15_000)).toMatchObject({ outcome: 'stored' })
        expect(child.isAlive()).toBe(true)
        expect([...(await stored(3)).keys()].sort()).toEqual([1, 2, 3])
      })
    })

    test('a publish on a connection that carries nothing any more is stored through a fresh one, within the time-outs', async () => {
      const publisher = makePublisher()
      await publisher.publish(retryJob(room, 1))
      proxy.strand()
      const startedAtMs = performance.now()
      await publisher.publish(retryJob(room, 2))
      expect(performance.now() - startedAtMs).toBeLessThan(connectTimeoutMs + confirmTimeoutMs)
      expect(proxy.accepted()).toBe(2)
      expect(await stored(2)).toEqual(once)
    })

    test('a connection that carries nothing any more is given up by its heartbeat, though nobody uses it', async () => {
      const publisher = makePublisher()
      await publisher.ready()
      proxy.strand()
      await eventually(
        () => telemetry.warnings.length > 0,
        'the heartbeat to miss the broker',
        reapedWithinMs,
      )
      const startedAtMs = performance.now()
      await publisher.publish(retryJob(room, 1))
      expect(performance.now() - startedAtMs).toBeLessThan(confirmTimeoutMs)
      expect(proxy.accepted()).toBe(2)
    })

    test('the batch of a consumer that can reach nobody comes to another one, in order, and the first one comes back', async () => {
      await put('1', '2', '3', '4', '5')
      const done = Promise.withResolvers<void>()
      release = done.resolve
      const cutOff = await read(proxy.url, () => done.promise)
      await soon(() => expect(cutOff.batches).toHaveLength(1))
      const other = await read(rabbitMq ?? '')
      await put('6', '7')
      expect(other.batches).toEqual([])

      proxy.strand()
      await other.untilTaken(7)
      expect(other.taken.map(({ body }) => body)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
      const inFlight = cutOff.batches[0]?.length ?? 0
      expect(other.taken.slice(0, inFlight).every(({ redelivered }) => redelivered)).toBe(true)

      // What it acknowledges now reaches nobody, and must not count for what the other one has.
      done.resolve()
      await soon(() => expect(cutOff.taken).toHaveLength(inFlight))
      await put('8')
      await other.untilTaken(8)
      expect(other.taken.at(-1)).toMatchObject({ body: '8', redelivered: false })
      await other.stop()
      await put('9')
      await cutOff.untilTaken(inFlight + 1)
      expect(cutOff.taken.at(-1)?.body).toBe('9')
    })
  },
)
