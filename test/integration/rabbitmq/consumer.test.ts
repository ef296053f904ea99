import { randomUUID } from 'node:crypto'
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type BrokerConnection, makeBrokerConnection } from '../../../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../../../adapters/rabbitmq/lane-consumer.ts'
import { declareTopology, deleteTopology, type Topology } from '../../../adapters/rabbitmq/topology.ts'
import type { LaneConsumer, Telemetry } from '../../../core/ports.ts'
import { makeTelemetry, type RecordedTelemetry } from '../../memory/telemetry.ts'
import { ownTopology } from '../../support/lanes/rabbitmq-lanes.ts'
import { type RecordReader, readLane, soon } from '../../support/lanes/record-reader.ts'
import { needs } from '../../support/requirements.ts'
import { startTcpProxy, type TcpProxy } from '../../support/sockets/tcp-proxy.ts'

const rabbitMq = inject('rabbitMq')

describe('consumer on RabbitMQ', needs('RabbitMQ', rabbitMq !== null), () => {
  let proxy: TcpProxy
  let inspector: ChannelModel
  let channel: ConfirmChannel
  let topology: Topology
  let connection: BrokerConnection
  let consumer: LaneConsumer
  let reader: RecordReader | undefined
  let telemetry: RecordedTelemetry

  beforeEach(async () => {
    const url = rabbitMq ?? ''
    topology = ownTopology()
    telemetry = makeTelemetry()
    proxy = await startTcpProxy(url)
    inspector = await connect(url, { noDelay: true })
    channel = await inspector.createConfirmChannel()
    connection = makeBrokerConnection({ url: proxy.url, telemetry, connectTimeoutMs: 500 })
    consumer = makeLaneConsumer({ connection, topology, telemetry })
    await declareTopology(channel, topology)
  })
  afterEach(async () => {
    await reader?.stop()
    reader = undefined
    await connection.close()
    await proxy.close()
    await deleteTopology(channel, topology)
    await inspector.close()
  })

  const put = async (...bodies: readonly string[]) => {
    for (const body of bodies) {
      const options = { persistent: true, messageId: randomUUID() }
      channel.publish(topology.jobsExchange, 'lane.0', Buffer.from(body), options)
    }
    await channel.waitForConfirms()
  }
  const taken = () => reader?.taken.map(({ body }) => body)

  test('subscribes again after its connection was reset', async () => {
    reader = await readLane(consumer, 'lane.0')
    await put('1')
    await reader.untilTaken(1)
    proxy.cut()
    await put('2')
    proxy.restore()
    await reader.untilTaken(2)
    expect(taken()).toEqual(['1', '2'])
  })

  test('gets the batch again that was in hand when its connection was reset, before any later record', async () => {
    const cut = Promise.withResolvers<void>()
    reader = await readLane(consumer, 'lane.0', {
      onBatch: () => cut.promise,
    })
    await put('1', '2')
    await soon(() => expect(reader?.batches).toHaveLength(1))
    proxy.cut()
    proxy.restore()
    await put('3')
    cut.resolve()
    const inFlight = reader.batches[0]?.length ?? 0
    await reader.untilTaken(inFlight + 3)
    expect(taken()?.slice(inFlight)).toEqual(['1', '2', '3'])
    const [again] = reader.batches.slice(1)
    expect(again?.[0]).toMatchObject({ redelivered: true, messageId: reader.batches[0]?.[0]?.messageId })
  })

  test('waits for the broker, and reads when it is there', async () => {
    proxy.cut()
    reader = await readLane(consumer, 'lane.0')
    await put('1')
    proxy.restore()
    await reader.untilTaken(1)
    expect(taken()).toEqual(['1'])
  })

  test('waits for a queue that is not there yet', async () => {
    await channel.deleteQueue(topology.laneQueue('lane.0'))
    reader = await readLane(consumer, 'lane.0')
    expect(telemetry.errors).toMatchObject([{ message: 'A lane cannot be read; subscribing again' }])
    await declareTopology(channel, topology)
    await put('1')
    await reader.untilTaken(1)
  })

  test('notices that its queue was removed, and reads the new one', async () => {
    reader = await readLane(consumer, 'lane.0')
    await channel.deleteQueue(topology.laneQueue('lane.0'))
    await soon(() => expect(telemetry.errors.length).toBeGreaterThan(0))
    await declareTopology(channel, topology)
    await put('1')
    await reader.untilTaken(1)
  })

  test('subscribes again after a defect, to the batch that it had in hand', async () => {
    const defect = new TypeError('telemetry is broken')
    let defects = 0
    const broken: Telemetry = {
      ...telemetry,
      error: (message, ...rest) => {
        telemetry.error(message, ...rest)
        if (message === 'A batch was rejected' && ++defects === 1) throw defect
      },
    }
    let rejections = 0
    reader = await readLane(makeLaneConsumer({ connection, topology, telemetry: broken }), 'lane.0', {
      onBatch: async () => {
        if (++rejections === 1) throw new Error('no')
      },
    })
    await put('1')
    await reader.untilTaken(1)
    expect(taken()).toEqual(['1'])
    expect(telemetry.errors.map(({ error }) => error)).toContain(defect)
  })

  test('stops without a broker', async () => {
    reader = await readLane(consumer, 'lane.0')
    proxy.cut()
    await reader.stop()
    reader = await readLane(consumer, 'lane.0')
    await reader.stop()
    expect(reader.batches).toEqual([])
  })

  test('stops on a connection that does not answer, and its lane is free for the next', async () => {
    reader = await readLane(consumer, 'lane.0')
    proxy.blackHole()
    await reader.stop()
    proxy.cut()
    proxy.restore()
    const other = await readLane(consumer, 'lane.0')
    reader = other
    await put('1')
    await other.untilTaken(1)
  })
})
