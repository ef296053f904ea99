import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LaneRecord } from '../../../core/domain/job.ts'
import { encodeJob } from '../../../core/domain/job.ts'
import type { Lane, LaneCounts } from '../../../core/domain/lanes.ts'
import type { LaneConsumer, RoomPublisher } from '../../../core/ports.ts'
import { entriesJob, numbersOf, rangeJob, retryJob, roomsIn, upTo } from '../../support/lanes/lane-jobs.ts'
import { type RecordReader, readLane, soon } from '../../support/lanes/record-reader.ts'

export type LanesUnderTest = {
  /** At least two lanes and one bulk lane. */
  readonly laneCounts: LaneCounts
  readonly deliveryLimit: number
  readonly publisher: RoomPublisher
  /** Of another process, where the lanes reach beyond one. */
  readonly otherPublisher: RoomPublisher
  readonly consumer: LaneConsumer
  /** Puts a record into a lane past the publisher. */
  readonly put: (lane: Lane, body: string) => Promise<void>
  readonly deadLetters: () => Promise<readonly { readonly body: string; readonly reason: string }[]>
  readonly remove: () => Promise<void>
}

/** What RoomPublisher and LaneConsumer promise, for whatever carries the jobs between them. */
export const lanesContract = (name: string, start: () => Promise<LanesUnderTest>): void => {
  describe(`lanes over ${name}`, () => {
    let lanes: LanesUnderTest
    let readers: RecordReader[]

    beforeEach(async () => {
      readers = []
      lanes = await start()
    })
    afterEach(async () => {
      await Promise.all(readers.map(({ stop }) => stop()))
      await lanes.remove()
    })

    const read = async (lane: Lane, options: Parameters<typeof readLane>[2] = {}): Promise<RecordReader> => {
      const reader = await readLane(lanes.consumer, lane, options)
      readers.push(reader)
      return reader
    }
    const roomIn = (lane: Lane): string => roomsIn(lane, lanes.laneCounts, 1)[0] ?? ''
    const putAll = async (lane: Lane, bodies: readonly string[]) => {
      for (const body of bodies) await lanes.put(lane, body)
    }
    const bodiesOf = (records: readonly LaneRecord[]) => records.map(({ body }) => body)

    publishing(() => ({ lanes, read, roomIn }))
    reading(() => ({ lanes, read, putAll, bodiesOf }))
    stopping(() => ({ lanes, read, roomIn, putAll, bodiesOf }))
  })
}

type Publishing = {
  readonly lanes: LanesUnderTest
  readonly read: (lane: Lane, options?: Parameters<typeof readLane>[2]) => Promise<RecordReader>
  readonly roomIn: (lane: Lane) => string
}
type Reading = Omit<Publishing, 'roomIn'> & {
  readonly putAll: (lane: Lane, bodies: readonly string[]) => Promise<void>
  readonly bodiesOf: (records: readonly LaneRecord[]) => readonly string[]
}

const publishing = (use: () => Publishing) => {
  test('is ready while the lanes can be reached', async () => {
    await expect(use().lanes.publisher.ready()).resolves.toBeUndefined()
  })

  test('keeps the order in which one publisher published for a room', async () => {
    const { lanes, read, roomIn } = use()
    const room = roomIn('lane.1')
    await Promise.all(upTo(40).map((n) => lanes.publisher.publish(retryJob(room, n))))
    const reader = await read('lane.1')
    await reader.untilTaken(40)
    expect(numbersOf(reader.taken, room)).toEqual(upTo(40))
  })

  test('keeps the order of each of two publishers that share a lane', async () => {
    const { lanes, read } = use()
    const [one = '', other = ''] = roomsIn('lane.0', lanes.laneCounts, 2)
    const reader = await read('lane.0')
    await Promise.all(
      upTo(30).flatMap((n) => [
        lanes.publisher.publish(retryJob(one, n)),
        lanes.otherPublisher.publish(retryJob(other, n)),
      ]),
    )
    await reader.untilTaken(60)
    expect(numbersOf(reader.taken, one)).toEqual(upTo(30))
    expect(numbersOf(reader.taken, other)).toEqual(upTo(30))
  })

  test('hands over each of 1,000 jobs for 20 rooms once, in its room’s order', async () => {
    const { lanes, read } = use()
    const readLanes = [await read('lane.0', { batchSize: 50 }), await read('lane.1', { batchSize: 50 })]
    const rooms = upTo(20).map((n) => `crowd-${n}`)
    await Promise.all(
      upTo(50).flatMap((seq) => rooms.map((room) => lanes.publisher.publish(entriesJob(room, seq)))),
    )
    await soon(() => {
      const taken = readLanes.flatMap((reader) => reader.taken)
      for (const room of rooms) expect(numbersOf(taken, room)).toEqual(upTo(50))
    })
  })

  test('takes what is for a part of a room past its lane to one bulk lane, in order, a delayed retry too', async () => {
    const { lanes, read, roomIn } = use()
    const room = roomIn('lane.0')
    const [lane, bulk] = [await read('lane.0'), await read('bulk.0')]
    const slots = { first: 'b000', last: 'bfff' }
    await Promise.all([
      lanes.publisher.publish({ ...retryJob(room, 77), slots }, { delayMs: 1_000 }),
      lanes.publisher.publish(retryJob(room, 5)),
      ...upTo(20).map((n) => lanes.publisher.publish(rangeJob(room, n, { slots }))),
    ])
    await bulk.untilTaken(21)
    await lane.untilTaken(1)
    expect(numbersOf(bulk.taken, room)).toEqual([...upTo(20), 77])
    expect(numbersOf(lane.taken, room)).toEqual([5])
  })

  test('merges what a room gathers while a job is on its way, and leaves out nothing', async () => {
    const { lanes, read, roomIn } = use()
    const room = roomIn('lane.0')
    await Promise.all(upTo(200).map((seq) => lanes.publisher.publish(entriesJob(room, seq))))
    const reader = await read('lane.0')
    await soon(() => expect(numbersOf(reader.taken, room)).toEqual(upTo(200)))
    expect(reader.taken.length).toBeLessThan(20)
  })

  test('carries a job as it was when it was published, with every field', async () => {
    const { lanes, read, roomIn } = use()
    const job = entriesJob(roomIn('lane.0'), 7, { content: 'Grüße, 世界 🎈' })
    await lanes.publisher.publish(job)
    const reader = await read('lane.0')
    await reader.untilTaken(1)
    expect(reader.taken).toEqual([
      { body: encodeJob(job), redelivered: false, messageId: expect.any(String) },
    ])
    expect(reader.taken[0]?.messageId).not.toBe('')
  })

  test('holds a delayed job back for the next longer delay, and no other', async () => {
    const { lanes, read, roomIn } = use()
    const room = roomIn('lane.1')
    const arrivals = new Map<number, number>()
    const reader = await read('lane.1', {
      onBatch: async (records) => {
        for (const n of numbersOf(records, room)) arrivals.set(n, Date.now())
      },
    })
    const publishedAtMs = Date.now()
    await lanes.publisher.publish(retryJob(room, 1), { delayMs: 400 })
    await lanes.publisher.publish(retryJob(room, 2))
    await reader.untilTaken(2)
    expect(numbersOf(reader.taken, room)).toEqual([2, 1])
    const waitedMs = (arrivals.get(1) ?? 0) - publishedAtMs
    expect(waitedMs).toBeGreaterThanOrEqual(990)
    expect(waitedMs).toBeLessThan(3_000)
  })

  test('refuses a delay longer than the longest there is', async () => {
    const { lanes, roomIn } = use()
    const publishing = lanes.publisher.publish(retryJob(roomIn('lane.0'), 1), { delayMs: 60_000 })
    await expect(publishing).rejects.toThrow(RangeError)
  })

  test('sets a record aside with the reason', async () => {
    const { lanes } = use()
    await lanes.publisher.deadLetter('{"no job', 'not a job')
    await soon(async () => {
      expect(await lanes.deadLetters()).toEqual([{ body: '{"no job', reason: 'not a job' }])
    })
  })
}

const reading = (use: () => Reading) => {
  test('hands over batches of at most the batch size, one at a time', async () => {
    const { read, putAll, bodiesOf } = use()
    const bodies = upTo(25).map(String)
    await putAll('lane.0', bodies)
    const reader = await read('lane.0', {
      batchSize: 4,
      onBatch: () => new Promise((resolve) => setTimeout(resolve, 2)),
    })
    await reader.untilTaken(25)
    expect(bodiesOf(reader.taken)).toEqual(bodies)
    expect(Math.max(...reader.batches.map(({ length }) => length))).toBe(4)
    expect(reader.mostAtOnce()).toBe(1)
  })

  test('hands over what is there without waiting for a full batch', async () => {
    const { lanes, read, bodiesOf } = use()
    const reader = await read('lane.0', { batchSize: 100 })
    await lanes.put('lane.0', 'alone')
    await reader.untilTaken(1)
    expect(bodiesOf(reader.taken)).toEqual(['alone'])
  })

  test('hands a rejected batch over again: whole, redelivered, before any later record', async () => {
    const { lanes, read, putAll, bodiesOf } = use()
    await putAll('lane.0', ['1', '2', '3'])
    let rejections = 0
    const reader = await read('lane.0', {
      batchSize: 5,
      onBatch: async () => {
        if (rejections >= 2) return
        // A later record comes in while this batch is in hand.
        await lanes.put('lane.0', `later ${++rejections}`)
        throw new Error('not now')
      },
    })
    await reader.untilTaken(5)
    const [first = [], second = [], third = []] = reader.batches
    expect(first.every(({ redelivered }) => redelivered)).toBe(false)
    expect(second).toEqual(first.map((record) => ({ ...record, redelivered: true })))
    expect(third).toEqual(second)
    expect(bodiesOf(reader.taken)).toEqual(['1', '2', '3', 'later 1', 'later 2'])
  })

  test('dead-letters what is rejected beyond the delivery limit, and hands over the rest once', async () => {
    const { lanes, read, putAll, bodiesOf } = use()
    await putAll('lane.0', ['before', 'poison', 'after'])
    const reader = await read('lane.0', {
      batchSize: 1,
      onBatch: async ([record]) => {
        if (record?.body === 'poison') throw new Error('never')
      },
    })
    await reader.untilTaken(2)
    expect(reader.taken).toEqual([
      expect.objectContaining({ body: 'before', redelivered: false }),
      expect.objectContaining({ body: 'after', redelivered: false }),
    ])
    const tries = reader.batches.filter(([record]) => record?.body === 'poison')
    expect(tries).toHaveLength(lanes.deliveryLimit + 1)
    await soon(async () => {
      expect(await lanes.deadLetters()).toEqual([{ body: 'poison', reason: 'rejected' }])
    })
    expect(bodiesOf(reader.taken)).toEqual(['before', 'after'])
  })

  test('keeps lanes apart, bulk lanes too', async () => {
    const { lanes, read, bodiesOf } = use()
    const [lane, bulk] = [await read('lane.0'), await read('bulk.0')]
    await lanes.put('bulk.0', 'large')
    await lanes.put('lane.0', 'small')
    await lane.untilTaken(1)
    await bulk.untilTaken(1)
    expect([bodiesOf(lane.taken), bodiesOf(bulk.taken)]).toEqual([['small'], ['large']])
  })

  test('reads on in one lane while another is busy', async () => {
    const { lanes, read } = use()
    const release = Promise.withResolvers<void>()
    const busy = await read('lane.0', { onBatch: () => release.promise })
    const free = await read('lane.1')
    await lanes.put('lane.0', 'slow')
    await soon(() => expect(busy.batches).toHaveLength(1))
    await lanes.put('lane.1', 'quick')
    await free.untilTaken(1)
    release.resolve()
    await busy.untilTaken(1)
  })
}

const stopping = (use: () => Publishing & Reading) => {
  test('has one active subscriber to a lane, and another takes over when it stops', async () => {
    const { lanes, read, bodiesOf } = use()
    const first = await read('lane.0')
    const second = await read('lane.0')
    await lanes.put('lane.0', '1')
    await first.untilTaken(1)
    await lanes.put('lane.0', '2')
    await first.untilTaken(2)
    expect(second.batches).toEqual([])
    await first.stop()
    await lanes.put('lane.0', '3')
    await second.untilTaken(1)
    expect([bodiesOf(first.taken), bodiesOf(second.taken)]).toEqual([['1', '2'], ['3']])
  })

  test('finishes the batch in hand before it stops, and leaves the rest to the next in order', async () => {
    const { read, putAll, bodiesOf } = use()
    const bodies = upTo(10).map(String)
    await putAll('lane.0', bodies)
    const release = Promise.withResolvers<void>()
    const first = await read('lane.0', { batchSize: 3, onBatch: () => release.promise })
    await soon(() => expect(first.batches).toHaveLength(1))
    const second = await read('lane.0', { batchSize: 3 })
    let stopped = false
    const stopping = first.stop().then(() => {
      stopped = true
    })
    expect([stopped, second.batches.length]).toEqual([false, 0])
    release.resolve()
    await stopping
    const inFlight = first.taken.length
    await second.untilTaken(10 - inFlight)
    expect(first.batches).toHaveLength(1)
    expect([...bodiesOf(first.taken), ...bodiesOf(second.taken)]).toEqual(bodies)
  })

  test('leaves a batch that it is rejecting to the next subscriber, redelivered', async () => {
    const { read, putAll, bodiesOf } = use()
    await putAll('lane.0', ['1', '2'])
    const first = await read('lane.0', { onBatch: () => Promise.reject(new Error('not here')) })
    await soon(() => expect(first.batches.length).toBeGreaterThan(0))
    await first.stop()
    const second = await read('lane.0')
    await second.untilTaken(2)
    expect(bodiesOf(second.taken)).toEqual(['1', '2'])
    expect(second.taken[0]).toMatchObject({ redelivered: true })
  })

  test('loses nothing and doubles nothing of what is published while it stops', async () => {
    const { lanes, read, roomIn } = use()
    const room = roomIn('lane.0')
    const first = await read('lane.0', { batchSize: 5 })
    const published = upTo(300).map((n) => lanes.publisher.publish(retryJob(room, n)))
    await first.untilTaken(20)
    await Promise.all([first.stop(), ...published])
    const second = await read('lane.0')
    await second.untilTaken(300 - first.taken.length)
    expect([...numbersOf(first.taken, room), ...numbersOf(second.taken, room)]).toEqual(upTo(300))
  })

  test('can be stopped twice, and while it has nothing to do', async () => {
    const { read } = use()
    const reader = await read('lane.0')
    await Promise.all([reader.stop(), reader.stop()])
    expect(reader.batches).toEqual([])
  })
}
