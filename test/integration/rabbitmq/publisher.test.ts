import { randomUUID } from 'node:crypto'
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type BrokerConnection, makeBrokerConnection } from '../../../adapters/rabbitmq/connection.ts'
import { makeRoomPublisher } from '../../../adapters/rabbitmq/room-publisher.ts'
import {
  declareTopology,
  deleteTopology,
  describeTopology,
  type Topology,
} from '../../../adapters/rabbitmq/topology.ts'
import { makeTelemetry, type RecordedTelemetry } from '../../memory/telemetry.ts'
import { retryJob, roomsIn } from '../../support/lanes/lane-jobs.ts'
import { ownTopology } from '../../support/lanes/rabbitmq-lanes.ts'
import { soon } from '../../support/lanes/record-reader.ts'
import { needs } from '../../support/requirements.ts'
import { freePort } from '../../support/servers/rabbitmq-server.ts'
import { startTcpProxy, type TcpProxy } from '../../support/sockets/tcp-proxy.ts'

const rabbitMq = inject('rabbitMq')
const unavailable = expect.objectContaining({ name: 'ChatError', code: 'unavailable', status: 503 })

describe('publisher on RabbitMQ', needs('RabbitMQ', rabbitMq !== null), () => {
  const timeouts = { connectTimeoutMs: 500, confirmTimeoutMs: 300 }
  let proxy: TcpProxy
  let inspector: ChannelModel
  let channel: ConfirmChannel
  let topology: Topology
  let connections: BrokerConnection[]
  let telemetry: RecordedTelemetry

  beforeEach(async () => {
    const url = rabbitMq ?? ''
    connections = []
    telemetry = makeTelemetry()
    topology = ownTopology()
    proxy = await startTcpProxy(url)
    inspector = await connect(url, { noDelay: true })
    channel = await inspector.createConfirmChannel()
    await declareTopology(channel, topology)
  })
  afterEach(async () => {
    await Promise.all(connections.map(({ close }) => close()))
    await proxy.close()
    await deleteTopology(channel, topology)
    await inspector.close()
  })

  const connectWith = (options: Partial<Parameters<typeof makeBrokerConnection>[0]> = {}) => {
    const connection = makeBrokerConnection({ url: proxy.url, telemetry, ...timeouts, ...options })
    connections.push(connection)
    return connection
  }
  const publisherOn = (connection: BrokerConnection) =>
    makeRoomPublisher({ connection, topology, newId: randomUUID, telemetry })
  const [room = '', roomElsewhere = ''] = ['lane.0', 'lane.1'].flatMap((lane) =>
    roomsIn(lane, { lanes: 2, bulkLanes: 1 }, 1),
  )
  const waitingIn = async (lane: string) => (await channel.checkQueue(topology.laneQueue(lane))).messageCount

  test('tells of a job that no queue takes, although the broker confirms it, and keeps the connection', async () => {
    const publisher = publisherOn(connectWith())
    await channel.deleteQueue(topology.laneQueue('lane.0'))
    await expect(publisher.publish(retryJob(room, 1))).rejects.toEqual(unavailable)
    await publisher.publish(retryJob(roomElsewhere, 1))
    expect(proxy.accepted()).toBe(1)
  })

  test('tells of a job that the broker refuses, and keeps the connection', async () => {
    const publisher = publisherOn(connectWith())
    const queue = topology.laneQueue('lane.0')
    await channel.deleteQueue(queue)
    await channel.assertQueue(queue, { arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' } })
    await channel.bindQueue(queue, topology.jobsExchange, 'lane.0')
    await expect(publisher.publish(retryJob(room, 1))).rejects.toMatchObject({
      code: 'unavailable',
      cause: expect.objectContaining({ message: expect.stringContaining('refused') }),
    })
    await publisher.publish(retryJob(roomElsewhere, 1))
    expect(proxy.accepted()).toBe(1)
  })

  test('publishes after its connection was reset while it was idle', async () => {
    const publisher = publisherOn(connectWith())
    await publisher.publish(retryJob(room, 1))
    proxy.cut()
    proxy.restore()
    await publisher.publish(retryJob(room, 2))
    expect(await waitingIn('lane.0')).toBe(2)
  })

  test('publishes on a fresh connection what was in flight when the old one was reset', async () => {
    const publisher = publisherOn(connectWith())
    await publisher.ready()
    proxy.blackHole()
    const published = publisher.publish(retryJob(room, 1))
    setTimeout(() => {
      proxy.cut()
      proxy.restore()
    }, 50)
    await published
    expect(await waitingIn('lane.0')).toBe(1)
  })

  test('fails within its time-outs when nothing is answered, and publishes once the network is back', async () => {
    const publisher = publisherOn(connectWith())
    await publisher.publish(retryJob(room, 1))
    proxy.blackHole()
    const startedAtMs = Date.now()
    const behind = [2, 3].map((n) => publisher.publish(retryJob(room, n)))
    const outcomes = await Promise.allSettled([...behind, publisher.publish(retryJob(roomElsewhere, 1))])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await expect(behind[0]).rejects.toEqual(unavailable)
    expect(Date.now() - startedAtMs).toBeLessThan(2_000)
    await expect(publisher.ready()).rejects.toEqual(unavailable)
    proxy.restore()
    await publisher.ready()
    await publisher.publish(retryJob(room, 4))
    await soon(async () => expect(await waitingIn('lane.0')).toBeGreaterThanOrEqual(2))
  })

  test('is not ready, and says so at once and clearly, where no broker listens', async () => {
    const url = `amqp://guest:guest@127.0.0.1:${await freePort()}`
    const publisher = publisherOn(connectWith({ url }))
    const startedAtMs = Date.now()
    await expect(publisher.ready()).rejects.toMatchObject({
      code: 'unavailable',
      message: 'The message broker is out of reach. Try again.',
      cause: expect.objectContaining({ code: 'ECONNREFUSED' }),
    })
    await expect(publisher.publish(retryJob(room, 1))).rejects.toEqual(unavailable)
    expect(Date.now() - startedAtMs).toBeLessThan(500)
  })

  test('is not ready where the user is not let in', async () => {
    const url = new URL(proxy.url)
    url.password = 'wrong'
    await expect(publisherOn(connectWith({ url: url.href })).ready()).rejects.toEqual(unavailable)
  })

  test('opens one connection for all who ask at the same time', async () => {
    const publisher = publisherOn(connectWith())
    await Promise.all(Array.from({ length: 20 }, () => publisher.ready()))
    expect(proxy.accepted()).toBe(1)
  })

  test('takes a fresh connection after a sleep longer than the heartbeat, and not after a shorter one', async () => {
    let nowMs = 1_000_000
    const publisher = publisherOn(connectWith({ clock: () => nowMs }))
    await publisher.publish(retryJob(room, 1))
    nowMs += 59_000
    await publisher.publish(retryJob(room, 2))
    expect(proxy.accepted()).toBe(1)
    nowMs += 61_000
    await publisher.publish(retryJob(room, 3))
    expect(proxy.accepted()).toBe(2)
    expect(await waitingIn('lane.0')).toBe(3)
  })

  test('tells of each connection that it loses', async () => {
    await publisherOn(connectWith()).ready()
    proxy.cut()
    await soon(() => expect(telemetry.warnings).toEqual(['Lost the connection to the broker']))
  })

  test('refuses a broker whose queues differ from the description', async () => {
    const { laneCounts } = topology
    const [first] = topology.queues
    const prefix = first?.name.split('.')[0] ?? ''
    const other = describeTopology({ ...laneCounts, prefix, deliveryLimit: topology.deliveryLimit + 1 })
    const connection = connectWith({ prepare: (onChannel) => declareTopology(onChannel, other) })
    await expect(publisherOn(connection).ready()).rejects.toMatchObject({
      code: 'unavailable',
      cause: expect.objectContaining({ message: expect.stringContaining('x-delivery-limit') }),
    })
  })

  test('opens no connection after it was closed', async () => {
    const connection = connectWith()
    const publisher = publisherOn(connection)
    await publisher.ready()
    await Promise.all([connection.close(), connection.close()])
    await expect(publisher.ready()).rejects.toEqual(unavailable)
    expect(proxy.accepted()).toBe(1)
  })
})
