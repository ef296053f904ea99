import { randomUUID } from 'node:crypto'
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { makeBrokerConnection } from '../../../adapters/rabbitmq/connection.ts'
import { makeDeadLetters } from '../../../adapters/rabbitmq/maintenance/dead-letters.ts'
import { retireTopology } from '../../../adapters/rabbitmq/maintenance/retire-topology.ts'
import { makeRoomPublisher } from '../../../adapters/rabbitmq/room-publisher.ts'
import {
  declareTopology,
  deleteTopology,
  describeTopology,
  type Topology,
} from '../../../adapters/rabbitmq/topology.ts'
import { encodeJob } from '../../../core/domain/job.ts'
import { laneNames, laneOf } from '../../../core/domain/lanes.ts'
import { makeTelemetry } from '../../memory/telemetry.ts'
import { retryJob } from '../../support/lanes/lane-jobs.ts'
import { soon } from '../../support/lanes/record-reader.ts'
import { needs } from '../../support/requirements.ts'

const rabbitMq = inject('rabbitMq')

describe('lanes that are retired', needs('RabbitMQ', rabbitMq !== null), () => {
  const url = rabbitMq ?? ''
  const rooms = Array.from({ length: 30 }, (_, index) => `room-${index}`)
  let prefix: string
  let inspector: ChannelModel
  let channel: ConfirmChannel
  let retired: Topology
  let current: Topology
  let declared: Topology[]

  const declare = async (topology: Topology): Promise<Topology> => {
    declared.push(topology)
    await declareTopology(channel, topology)
    return topology
  }
  const deps = () => {
    const telemetry = makeTelemetry()
    return { connect: () => makeBrokerConnection({ url, telemetry }), newId: randomUUID, telemetry }
  }
  const topologyOf = (lanes: number, bulkLanes: number) => describeTopology({ lanes, bulkLanes, prefix })
  const retire = (patienceMs?: number) =>
    retireTopology({ retired, current }, { ...deps(), ...(patienceMs !== undefined && { patienceMs }) })
  /** Publishes a job for each room to the lanes of the retired topology. */
  const publishAll = async (options?: { readonly delayMs: number }) => {
    const { connect: open, ...rest } = deps()
    const connection = open()
    const publisher = makeRoomPublisher({ ...rest, connection, topology: retired })
    await Promise.all(rooms.map((room) => publisher.publish(retryJob(room, 1), options)))
    await connection.close()
  }
  const bodiesIn = async (queue: string): Promise<readonly string[]> => {
    const bodies: string[] = []
    const { messageCount } = await channel.checkQueue(queue)
    const reading = await inspector.createChannel()
    await reading.consume(queue, (message) => message && bodies.push(message.content.toString()))
    await soon(async () => expect(bodies.length).toBeGreaterThanOrEqual(messageCount))
    await reading.close()
    return bodies
  }
  const roomsIn = async (topology: Topology) => {
    const found = await Promise.all(
      laneNames(topology.laneCounts).map(async (lane) =>
        (await bodiesIn(topology.laneQueue(lane))).map((body) => [lane, JSON.parse(body).roomId]),
      ),
    )
    return found.flat()
  }
  const whereTheyBelong = () => rooms.map((room) => [laneOf(room, current.laneCounts), room])
  const isThere = async (queue: string) => {
    const looking = await inspector.createChannel()
    looking.on('error', () => undefined) // the refusal of checkQueue tells it
    return looking.checkQueue(queue).then(
      async () => {
        await looking.close()
        return true
      },
      () => false,
    )
  }

  beforeEach(async () => {
    prefix = `test-${randomUUID()}`
    inspector = await connect(url, { noDelay: true })
    channel = await inspector.createConfirmChannel()
    declared = []
    retired = await declare(topologyOf(2, 1))
    current = await declare(topologyOf(3, 2))
  })
  afterEach(async () => {
    for (const topology of declared) await deleteTopology(channel, topology)
    await inspector.close()
  })

  test('give what is in them to the lanes that are read, and are gone', async () => {
    await publishAll()
    await retire()
    expect((await roomsIn(current)).toSorted()).toEqual(whereTheyBelong().toSorted())
    const queues = retired.queues.filter(({ name }) => name !== retired.deadLetterQueue)
    const left = await Promise.all(queues.map(({ name }) => isThere(name)))
    expect(left).toEqual(queues.map(() => false))
    expect(await isThere(retired.deadLetterQueue)).toBe(true)
  })

  test('keep the order of a room, and what another version has put into a job', async () => {
    const room = rooms[0] ?? ''
    const bodies = Array.from({ length: 250 }, (_, index) =>
      JSON.stringify({ ...retryJob(room, index + 1), fromAnotherVersion: true }),
    )
    for (const body of bodies) {
      channel.publish(retired.jobsExchange, laneOf(room, retired.laneCounts), Buffer.from(body))
    }
    await channel.waitForConfirms()
    await retire()
    expect(await bodiesIn(current.laneQueue(laneOf(room, current.laneCounts)))).toEqual(bodies)
  })

  test('wait for what is delayed', async () => {
    await publishAll({ delayMs: 1_000 })
    await retire()
    expect((await roomsIn(current)).toSorted()).toEqual(whereTheyBelong().toSorted())
  })

  test('wait for all that has expired, however much of it is on its way into the lanes', async () => {
    const jobs = 40_000
    const body = Buffer.from(encodeJob(retryJob('room-0', 1)))
    for (let sent = 0; sent < jobs; sent++) {
      channel.publish(retired.delayExchange(5_000), 'lane.0', body, { persistent: true })
    }
    await channel.waitForConfirms()
    await retire()
    const counts = laneNames(current.laneCounts).map((lane) => channel.checkQueue(current.laneQueue(lane)))
    expect((await Promise.all(counts)).map(({ messageCount }) => messageCount)).toContain(jobs)
  })

  test('are not taken for empty because of what an earlier try has left in them', async () => {
    const body = Buffer.from(encodeJob(retryJob('room-0', 1)))
    const delay = async () => {
      channel.publish(retired.delayExchange(5_000), 'lane.0', body, { persistent: true })
      await channel.waitForConfirms()
    }
    await delay()
    await expect(retire(300)).rejects.toThrow('could not be emptied')
    // What comes now expires later than what the first try has left: nothing but time tells them apart.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    await declareTopology(channel, retired)
    for (let job = 0; job < 10; job++) await delay()
    await retire()
    const counts = laneNames(current.laneCounts).map((lane) => channel.checkQueue(current.laneQueue(lane)))
    expect((await Promise.all(counts)).map(({ messageCount }) => messageCount)).toContain(11)
  })

  test('take their dead letters along where these have another queue now, as they are', async () => {
    current = await declare(describeTopology({ lanes: 2, bulkLanes: 1, prefix: `${prefix}-new` }))
    channel.publish(retired.deadLetterExchange, '', Buffer.from('set aside'), {
      headers: { reason: 'failed' },
    })
    channel.publish(retired.jobsExchange, 'lane.0', Buffer.from('rejected'))
    await channel.waitForConfirms()
    const reading = await inspector.createChannel()
    const rejected = Promise.withResolvers<void>()
    await reading.consume(retired.laneQueue('lane.0'), (message) => {
      if (message) reading.nack(message, false, false)
      rejected.resolve()
    })
    await rejected.promise
    await reading.close()
    await soon(async () => expect((await channel.checkQueue(retired.deadLetterQueue)).messageCount).toBe(2))
    await retire()
    const { connect: open, ...rest } = deps()
    const letters = await makeDeadLetters({ ...rest, connect: open, topology: current }).list({})
    expect(letters.map(({ reason }) => reason).toSorted()).toEqual(['broker: rejected', 'failed'])
    expect(await isThere(retired.deadLetterQueue)).toBe(false)
  })

  test('set aside what is no job', async () => {
    channel.publish(retired.jobsExchange, 'lane.0', Buffer.from('nonsense'))
    await channel.waitForConfirms()
    await retire()
    expect(await bodiesIn(current.deadLetterQueue)).toEqual(['nonsense'])
  })

  test('go on where they are lanes of the current too', async () => {
    current = await declare(topologyOf(2, 3))
    await publishAll()
    await retire()
    expect((await roomsIn(current)).toSorted()).toEqual(whereTheyBelong().toSorted())
    expect(await isThere(retired.laneQueue('bulk.0'))).toBe(false)
  })

  test('are waited for while somebody reads them, and lose nothing that is in that hand', async () => {
    const reading = await inspector.createChannel()
    const inFlight = Promise.withResolvers<void>()
    await reading.consume(retired.laneQueue('lane.0'), () => inFlight.resolve())
    await publishAll()
    await inFlight.promise
    const retiring = retire()
    await soon(async () => expect(await isThere(retired.laneQueue('lane.1'))).toBe(false))
    await reading.close()
    await retiring
    expect((await roomsIn(current)).toSorted()).toEqual(whereTheyBelong().toSorted())
  })

  test('stay as they are where somebody reads them for longer than there is patience', async () => {
    const reading = await inspector.createChannel()
    const queue = retired.laneQueue('lane.0')
    await reading.consume(queue, () => undefined)
    await publishAll()
    await expect(retire(4_000)).rejects.toThrow('could not be emptied')
    await reading.close()
    await retire()
    expect((await roomsIn(current)).toSorted()).toEqual(whereTheyBelong().toSorted())
  })

  test('tell whoever still publishes there, once they are gone', async () => {
    await retire()
    await expect(publishAll()).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('are left alone where nothing has changed', async () => {
    await publishAll()
    current = retired
    await retire()
    expect(await roomsIn(retired)).toHaveLength(rooms.length)
  })
})
