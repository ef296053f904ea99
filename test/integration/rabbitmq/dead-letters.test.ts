import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import type { DeadLetters } from '../../../adapters/rabbitmq/maintenance/dead-letters.ts'
import { encodeJob } from '../../../core/domain/job.ts'
import { laneOfJob } from '../../../core/domain/lanes.ts'
import { type DeadLettersUnderTest, startDeadLetters } from '../../support/lanes/dead-letters.ts'
import { entriesJob, numbersOf, rangeJob, retryJob, roomsIn, upTo } from '../../support/lanes/lane-jobs.ts'
import { ownTopology } from '../../support/lanes/rabbitmq-lanes.ts'
import { type RecordReader, readLane, soon } from '../../support/lanes/record-reader.ts'
import { needs } from '../../support/requirements.ts'
import { startTcpProxy } from '../../support/sockets/tcp-proxy.ts'

const rabbitMq = inject('rabbitMq')
const counts = { lanes: 2, bulkLanes: 1 }
const [room = '', roomElsewhere = ''] = ['lane.0', 'lane.1'].flatMap((lane) => roomsIn(lane, counts, 1))
const retries = (numbers: readonly number[], roomId = room) =>
  numbers.map((n) => encodeJob(retryJob(roomId, n)))

describe('dead letters on RabbitMQ', needs('RabbitMQ', rabbitMq !== null), () => {
  const url = rabbitMq ?? ''
  let world: DeadLettersUnderTest
  let deadLetters: DeadLetters
  let reader: RecordReader | undefined

  beforeEach(async () => {
    world = await startDeadLetters(url)
    deadLetters = world.deadLettersAt(url)
  })
  afterEach(async () => {
    await reader?.stop()
    reader = undefined
    await world.remove()
  })

  const attempts = async (selection = {}) =>
    (await deadLetters.list(selection)).map(({ attempt, kind }) => attempt ?? kind)
  const replayAll = async (selection = {}, by = deadLetters) => {
    const told: (readonly [number | null, string])[] = []
    const unread = await by.replay(selection, ({ attempt }, outcome) => told.push([attempt, outcome]))
    return { told, unread }
  }

  test('are listed oldest first with all that they are about, and without what was said', async () => {
    const job = entriesJob(room, 7, { count: 3, content: 'a secret' })
    const startedAtMs = Date.now()
    await world.deadLetter([encodeJob(job)], 'failed: see the log')
    await world.deadLetter(retries([5]), 'not served after 4 retries')
    await world.deadLetter(['{"v":9,"content":"a secret"}'], 'not a job that this version knows')
    const letters = await deadLetters.list({})
    const common = { id: expect.stringMatching(/^[0-9a-f]{12}$/), atMs: expect.any(Number) }
    const about = { ...common, roomId: room, epoch: 'epoch-1', bytes: expect.any(Number) }
    const nothing = { kind: null, roomId: null, epoch: null, from: null, to: null, attempt: null }
    expect(letters).toEqual([
      { ...about, kind: 'messages', from: 7, to: 9, attempt: null, reason: 'failed: see the log' },
      { ...about, kind: 'retry', from: 1, to: 1, attempt: 5, reason: 'not served after 4 retries' },
      { ...common, ...nothing, bytes: 28, reason: 'not a job that this version knows' },
    ])
    expect(JSON.stringify(letters)).not.toContain('a secret')
    for (const { atMs } of letters) {
      expect(atMs).toBeGreaterThanOrEqual(startedAtMs)
      expect(atMs).toBeLessThanOrEqual(Date.now())
    }
  })

  test('tell of what the broker itself has dead-lettered, when and why', async () => {
    const queue = world.topology.laneQueue('lane.0')
    await world.channel.publish(world.topology.jobsExchange, 'lane.0', Buffer.from(retries([1])[0] ?? ''))
    await world.channel.waitForConfirms()
    // One consumer after the other dies with it in hand, until it has come too often.
    for (let deaths = 0; (await world.waiting()) === 0 && deaths < 20; deaths++) {
      const client = await connect(url)
      const channel = await client.createChannel()
      const delivered = Promise.withResolvers<void>()
      await channel.consume(queue, () => delivered.resolve())
      await Promise.race([delivered.promise, soon(async () => expect(await world.waiting()).toBe(1))])
      await client.close()
    }
    const [letter] = await deadLetters.list({})
    expect(letter).toMatchObject({ kind: 'retry', roomId: room, reason: 'broker: delivery_limit' })
    expect(Math.abs((letter?.atMs ?? 0) - Date.now())).toBeLessThan(10_000)
  })

  test('stay what they are and in their order, however often and however partly one looks', async () => {
    await world.deadLetter(retries(upTo(60)))
    const first = await deadLetters.list({})
    for (const selection of [{ limit: 1 }, { limit: 7 }, { roomId: 'nobody' }, { limit: 59 }, {}]) {
      await deadLetters.list(selection)
      await deadLetters.show(first[30]?.id ?? '')
    }
    await world.deadLetter(retries([61]))
    expect(await attempts()).toEqual(upTo(61))
    expect((await deadLetters.list({})).slice(0, 60)).toEqual(first)
    expect(await world.waiting()).toBe(61)
  })

  test('are chosen by room, by a part of the reason, and by number', async () => {
    await world.deadLetter(retries([1, 2]), 'not served after 4 retries')
    await world.deadLetter(retries([3], roomElsewhere), 'not served after 4 retries')
    await world.deadLetter(retries([4]), 'failed: see the log')
    expect(await attempts({ roomId: room })).toEqual([1, 2, 4])
    expect(await attempts({ reason: 'not served' })).toEqual([1, 2, 3])
    expect(await attempts({ roomId: room, reason: 'not served', limit: 1 })).toEqual([1])
    expect(
      await attempts({ ids: (await deadLetters.list({ reason: 'failed' })).map(({ id }) => id) }),
    ).toEqual([4])
  })

  test('are shown whole by their id', async () => {
    const body = encodeJob(entriesJob(room, 1, { content: 'what was said' }))
    await world.deadLetter(['other', body])
    const [, summary] = await deadLetters.list({})
    expect(await deadLetters.show(summary?.id ?? '')).toMatchObject([
      { id: summary?.id, body, messageId: expect.any(String) },
    ])
    expect(await deadLetters.show('000000000000')).toEqual([])
  })

  test('reach the lane of their room when they are replayed, as they were written, and are gone', async () => {
    const extended = JSON.stringify({ ...retryJob(room, 1), fieldOfANewerVersion: true })
    await world.deadLetter([extended, ...retries([2], roomElsewhere), ...retries([3])])
    reader = await readLane(world.consumer, 'lane.0')
    const elsewhere = await readLane(world.consumer, 'lane.1')
    const { told, unread } = await replayAll()
    expect(told).toEqual([1, 2, 3].map((n) => [n, 'replayed']))
    expect(unread).toEqual([])
    await reader.untilTaken(2)
    await elsewhere.untilTaken(1)
    await elsewhere.stop()
    expect(reader.taken.map(({ body }) => body)).toEqual([extended, ...retries([3])])
    expect(numbersOf(elsewhere.taken, roomElsewhere)).toEqual([2])
    expect(await world.waiting()).toBe(0)
  })

  test('of a large room reach the bulk lane of their part', async () => {
    const part = rangeJob(room, 1)
    await world.deadLetter([encodeJob(part)])
    reader = await readLane(world.consumer, laneOfJob(part, counts))
    await replayAll()
    await reader.untilTaken(1)
    expect(reader.taken.map(({ body }) => body)).toEqual([encodeJob(part)])
  })

  test('keep the id of their message in the lane, so that one can be followed', async () => {
    await world.deadLetter(retries([1]))
    const [shown] = await deadLetters.show((await deadLetters.list({}))[0]?.id ?? '')
    reader = await readLane(world.consumer, 'lane.0')
    await replayAll()
    await reader.untilTaken(1)
    expect(reader.taken[0]?.messageId).toBe(shown?.messageId)
  })

  test('tell which lanes nobody reads', async () => {
    await world.deadLetter(retries([1]))
    expect((await replayAll()).unread).toEqual(['lane.0'])
  })

  test('stay where they are no job that this version knows, and hold up no other', async () => {
    await world.deadLetter(['not json', ...retries([2]), '{"v":9,"kind":"messages"}', ...retries([4])])
    const { told } = await replayAll()
    expect(told).toEqual([
      [null, 'no job'],
      [2, 'replayed'],
      [null, 'no job'],
      [4, 'replayed'],
    ])
    expect((await deadLetters.list({})).map(({ kind }) => kind)).toEqual([null, null])
  })

  test('are replayed only as far as they are meant; the others stay in their order', async () => {
    await world.deadLetter(retries(upTo(9)))
    const ids = (await deadLetters.list({})).map(({ id }) => id)
    await replayAll({ ids: [ids[4], ids[1]] })
    expect(await attempts()).toEqual([1, 3, 4, 6, 7, 8, 9])
    await replayAll({ limit: 2 })
    expect(await attempts()).toEqual([4, 6, 7, 8, 9])
  })

  test('are dropped for good, and no others with them', async () => {
    await world.deadLetter(retries([1, 2, 3]))
    const dropped: unknown[] = []
    const [, second] = await deadLetters.list({})
    await deadLetters.drop({ ids: [second?.id ?? ''] }, ({ attempt }) => dropped.push(attempt))
    expect(dropped).toEqual([2])
    expect(await attempts()).toEqual([1, 3])
    await deadLetters.drop({}, () => undefined)
    expect(await attempts()).toEqual([])
  })

  test('that come while others are replayed are left for the next time', async () => {
    await world.deadLetter(retries(upTo(20)))
    // A consumer that cannot handle them sets each aside again at once.
    reader = await readLane(world.consumer, 'lane.0', {
      onBatch: async (records) => {
        for (const { body } of records) await world.publisher.deadLetter(body, 'again')
      },
    })
    const { told } = await replayAll()
    expect(told).toHaveLength(20)
    await reader.untilTaken(20)
    await soon(async () => expect(await attempts({ reason: 'again' })).toEqual(upTo(20)))
  })

  test('are all seen by each of several who look at the same time', async () => {
    await world.deadLetter(retries(upTo(200)))
    const others = Array.from({ length: 4 }, () => world.deadLettersAt(url))
    const lists = await Promise.all(others.map((other) => other.list({})))
    for (const list of lists) expect(list.map(({ attempt }) => attempt)).toEqual(upTo(200))
    const replays = await Promise.all(others.map((other) => replayAll({ limit: 50 }, other)))
    expect(
      replays
        .flatMap(({ told }) => told)
        .map(([n]) => n)
        .sort((a = 0, b = 0) => (a ?? 0) - (b ?? 0)),
    ).toEqual(upTo(200))
    expect(await world.waiting()).toBe(0)
  })

  test('are not waited for longer than the patience while another process holds them', async () => {
    const lock = await connect(url)
    const channel = await lock.createChannel()
    await channel.assertQueue(world.topology.deadLetterLock, { exclusive: true, durable: false })
    const impatient = world.deadLettersAt(url, { patienceMs: 300 })
    await expect(impatient.list({})).rejects.toMatchObject({
      name: 'DeadLetterError',
      message: expect.stringContaining('Another process'),
    })
    await lock.close()
    expect(await impatient.list({})).toEqual([])
  })

  test('stay when their lane takes them not', async () => {
    await world.deadLetter(retries([1, 2]))
    await world.channel.deleteQueue(world.topology.laneQueue('lane.0'))
    await expect(replayAll()).rejects.toMatchObject({ name: 'ChatError', code: 'unavailable' })
    expect(await attempts()).toEqual([1, 2])
  })

  test('are not put into lanes that no gateway has made', async () => {
    await world.deadLetter(retries([1]))
    await world.channel.deleteExchange(world.topology.jobsExchange)
    await expect(replayAll()).rejects.toMatchObject({
      name: 'DeadLetterError',
      message: expect.stringContaining('LANES=2 and BULK_LANES=1'),
    })
    expect(await attempts()).toEqual([1])
  })

  test('of a prefix that nobody has used are asked for in vain', async () => {
    const { deadLetterQueue } = ownTopology()
    await world.channel.deleteQueue(world.topology.deadLetterQueue)
    await expect(deadLetters.list({})).rejects.toMatchObject({
      name: 'DeadLetterError',
      message: expect.stringContaining(deadLetterQueue.replace(/^test-[^.]+/, '')),
    })
  })

  test('lose nothing and keep their order when the connection breaks in the middle of a replay', async () => {
    await world.deadLetter(retries(upTo(40)))
    const proxy = await startTcpProxy(url)
    reader = await readLane(world.consumer, 'lane.0')
    const told: (number | null)[] = []
    const replay = world.deadLettersAt(proxy.url).replay({}, ({ attempt }) => {
      told.push(attempt)
      if (told.length === 15) proxy.cut()
    })
    await expect(replay).rejects.toMatchObject({ name: 'DeadLetterError' })
    await proxy.close()
    await soon(async () => expect(await world.waiting()).toBeGreaterThanOrEqual(25))
    const left = await attempts()
    expect(left).toEqual(upTo(40).slice(-left.length))
    await reader.untilTaken(15)
    expect(new Set([...numbersOf(reader.taken, room), ...left])).toEqual(new Set(upTo(40)))
  })

  test('are given up in one line when the connection breaks before they are in hand', async () => {
    const lock = await connect(url)
    const channel = await lock.createChannel()
    await channel.assertQueue(world.topology.deadLetterLock, { exclusive: true, durable: false })
    const proxy = await startTcpProxy(url)
    const looking = world.deadLettersAt(proxy.url).list({})
    await soon(() => expect(proxy.openAtServer()).toBe(1))
    proxy.cut()
    await expect(looking).rejects.toMatchObject({ message: expect.stringMatching(/broker .*Try again\.$/) })
    await proxy.close()
    await lock.close()
  })

  test('have ids that tell apart what differs in anything', async () => {
    const [body = ''] = retries([1])
    await world.deadLetter([body, body])
    await world.deadLetter([body], 'another reason')
    const options = { persistent: true, messageId: randomUUID() }
    world.channel.publish(world.topology.deadLetterExchange, '', Buffer.from(body), options)
    await world.channel.waitForConfirms()
    const letters = await deadLetters.list({})
    expect(new Set(letters.map(({ id }) => id)).size).toBe(4)
    expect(letters.at(-1)).toMatchObject({ reason: 'unknown', atMs: null })
  })
})
