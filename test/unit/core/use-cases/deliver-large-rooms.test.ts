import { describe, expect, it } from 'vitest'
import { slotRanges } from '../../../../core/domain/slots.ts'
import { makeDeliver } from '../../../../core/use-cases/deliver.ts'
import { ChatError } from '../../../../protocol/chat-error.ts'
import { defaultLimits, jsonBytes } from '../../../../protocol/limits.ts'
import { connectionIds, far, setUpLargeRoom } from '../../../support/lanes/large-rooms.ts'

const away = () => new ChatError('unavailable', 'The broker is away')

describe('deliver, to a large room', () => {
  it('hands 5,000 members each message once and in order, by the jobs of 16 parts alone', async () => {
    const room = await setUpLargeRoom({ members: 5_000, largeRoomMembers: 1_000 })
    await room.deliver([await room.append(), await room.append()], far)
    await room.deliver([await room.append()], far)

    expect(room.posted).toEqual([])
    expect(room.jobs).toHaveLength(2 * 16)
    expect(room.ranges().map(({ from, to }) => [from, to])).toEqual([
      ...slotRanges.map(() => [1, 2]),
      ...slotRanges.map(() => [3, 3]),
    ])
    expect(new Set(room.ranges().map(({ slots }) => slots.first)).size).toBe(16)

    await room.deliver(room.takeJobs(), far)
    const seqs = room.seqsByConnection()
    expect([...seqs.keys()].sort()).toEqual(connectionIds(5_000).sort())
    for (const ofMember of seqs.values()) expect(ofMember).toEqual([1, 2, 3])
    // What was split in two goes out together, one frame to each.
    expect(room.posted).toHaveLength(5_000)
    expect(room.jobs).toEqual([])
  })

  it('serves a room of exactly as many members as may be as it is, and one with one more in parts', async () => {
    const room = await setUpLargeRoom({ members: 20, largeRoomMembers: 20 })
    await room.deliver([await room.append()], far)
    expect([room.posted.length, room.jobs.length]).toEqual([20, 0])
    await room.seatUpTo(21, 21)
    await room.deliver([await room.append()], far)
    expect([room.posted.length, room.jobs.length]).toEqual([20, 16])
  })

  it('serves no room in parts where none is ever large', async () => {
    const room = await setUpLargeRoom({ members: 1_100, largeRoomMembers: null })
    await room.deliver([await room.append()], far)
    expect([room.posted.length, room.jobs.length]).toEqual([1_100, 0])
  })

  it('doubles nothing when a batch comes again, whoever gets it', async () => {
    const room = await setUpLargeRoom()
    const [lane, otherLane, bulk] = [room.newConsumer(), room.newConsumer(), room.newConsumer()]
    const batch = [await room.append(), await room.append()]
    await lane(batch, far)
    await lane(batch, far)
    expect(room.jobs).toHaveLength(16)
    await otherLane(batch, far)
    expect(room.jobs).toHaveLength(32)

    const parts = room.takeJobs()
    await bulk(parts.slice(0, 20), far)
    await bulk(parts, far)
    await bulk(parts, far)
    for (const seqs of room.seqsByConnection().values()) expect(seqs).toEqual([1, 2])
    expect(room.posted).toHaveLength(40)
  })

  it('publishes all parts again when some could not be published, and doubles nothing', async () => {
    let failures = 0
    const room = await setUpLargeRoom({ fails: () => (failures-- > 0 ? away() : undefined) })
    const batch = [await room.append()]
    failures = 5
    await expect(room.deliver(batch, far)).rejects.toThrow('The broker is away')
    expect(room.jobs).toHaveLength(11)
    await room.deliver(batch, far)
    expect(room.jobs).toHaveLength(11 + 16)
    expect(room.deadLetters).toEqual([])
    expect(room.posted).toEqual([])

    await room.newConsumer()(room.takeJobs(), far)
    expect(room.posted).toHaveLength(40)
    for (const seqs of room.seqsByConnection().values()) expect(seqs).toEqual([1])
  })

  it('serves who joins after the room was split', async () => {
    const room = await setUpLargeRoom()
    await room.deliver([await room.append()], far)
    await room.seatUpTo(41, 41)
    await room.deliver(room.takeJobs(), far)
    expect(room.seqsOf('c41')).toEqual([1])
  })

  it('has other rooms of its batch served beside it', async () => {
    const room = await setUpLargeRoom()
    await room.seat('kitchen', 'cook')
    await room.deliver([await room.append(), await room.append('hi', 'kitchen')], far)
    expect(room.seqsOf('cook')).toEqual([1])
    expect(room.jobs).toHaveLength(16)
  })
})

describe('deliver, of jobs for a part of a large room', () => {
  it('reads from the log, once for all parts of a batch', async () => {
    const room = await setUpLargeRoom()
    let reads = 0
    const log: typeof room.log = {
      ...room.log,
      read: (page) => {
        reads++
        return room.log.read(page)
      },
    }
    await room.deliver([await room.append(), await room.append()], far)
    expect(reads).toBe(0)
    await makeDeliver({ ...room.deps, log })(room.takeJobs(), far)
    expect(reads).toBe(1)
    expect(room.posted).toHaveLength(40)
  })

  it('fills the hole that a job left which never came', async () => {
    const room = await setUpLargeRoom()
    const bulk = room.newConsumer()
    await room.deliver([await room.append()], far)
    await bulk(room.takeJobs(), far)
    await room.deliver([await room.append()], far)
    room.takeJobs()
    await room.deliver([await room.append()], far)
    await bulk(room.takeJobs(), far)
    for (const seqs of room.seqsByConnection().values()) expect(seqs).toEqual([1, 2, 3])
  })

  it('puts jobs that overtook each other back in order', async () => {
    const room = await setUpLargeRoom()
    for (let n = 0; n < 3; n++) await room.deliver([await room.append()], far)
    const jobs = room.takeJobs()
    await room.deliver([...jobs.slice(32), ...jobs.slice(0, 32)], far)
    for (const seqs of room.seqsByConnection().values()) expect(seqs).toEqual([1, 2, 3])
  })

  it('cuts what has gathered into batches that fit in memory, and keeps their order', async () => {
    const room = await setUpLargeRoom()
    const content = 'x'.repeat(8_000)
    for (let n = 0; n < 40; n++) await room.deliver([await room.append(content)], far)
    let largest = 0
    const log: typeof room.log = {
      ...room.log,
      read: async (page) => {
        const read = await room.log.read(page)
        largest = Math.max(largest, jsonBytes(read.entries))
        return read
      },
    }
    await makeDeliver({ ...room.deps, log })(room.takeJobs(), far)
    expect(largest).toBeLessThan(5 * defaultLimits.serverFrameBytes)
    const all = Array.from({ length: 40 }, (_, index) => index + 1)
    for (const seqs of room.seqsByConnection().values()) expect(seqs).toEqual(all)
    for (const { frame } of room.posted) {
      expect(jsonBytes(frame)).toBeLessThanOrEqual(defaultLimits.serverFrameBytes)
    }
  })

  it('sends nothing of what has expired meanwhile', async () => {
    const room = await setUpLargeRoom()
    await room.deliver([await room.append()], far)
    const log: typeof room.log = {
      ...room.log,
      read: async () => ({ epoch: 'another', seq: 1, floor: 1, entries: [], more: false }),
    }
    await makeDeliver({ ...room.deps, log })(room.takeJobs(), far)
    expect([room.posted, room.jobs, room.deadLetters]).toEqual([[], [], []])
  })

  it('owes a retry in the lane of the part, closes who is not served in the end, and dead-letters that', async () => {
    const room = await setUpLargeRoom({ answer: (id) => (id === 'c7' ? 'throttled' : 'sent') })
    await room.deliver([await room.append(), await room.append()], far)
    await room.deliver(room.takeJobs(), far)
    const delays: (number | undefined)[] = []
    while (room.jobs.length > 0) {
      expect(room.retries()).toMatchObject([{ from: 1, to: 2, connectionIds: ['c7'] }])
      expect(room.isForParts()).toBe(true)
      delays.push(...room.jobs.map(({ delayMs }) => delayMs))
      await room.deliver(room.takeJobs(), far)
    }
    expect(delays).toEqual([1_000, 5_000, 5_000, 30_000])
    expect(room.deadLetters.map(({ body }) => JSON.parse(body))).toMatchObject([
      { kind: 'retry', from: 1, to: 2, connectionIds: ['c7'], slots: { first: expect.any(String) } },
    ])
    expect(room.closed).toEqual(['c7'])
    expect(room.seqsByConnection().size).toBe(39)
  })

  it('serves a retry from the log', async () => {
    let outcome: 'failed' | 'sent' = 'failed'
    const room = await setUpLargeRoom({ answer: (id) => (id === 'c7' ? outcome : 'sent') })
    await room.deliver([await room.append(), await room.append()], far)
    await room.deliver(room.takeJobs(), far)
    outcome = 'sent'
    await room.deliver(room.takeJobs(), far)
    expect(room.seqsOf('c7')).toEqual([1, 2])
    expect(room.jobs).toEqual([])
  })

  it('puts what its deadline does not allow into the lane again, for the members of the part as they are then', async () => {
    const room = await setUpLargeRoom()
    await room.deliver([await room.append()], far)
    const jobs = room.ranges()
    await room.deliver(room.takeJobs(), room.clock())
    expect(room.posted).toEqual([])
    expect(room.ranges()).toEqual(jobs)
    expect(new Set(room.jobs.map(({ delayMs }) => delayMs))).toEqual(new Set([1_000]))
    await room.deliver(room.takeJobs(), far)
    for (const seqs of room.seqsByConnection().values()) expect(seqs).toEqual([1])
    expect(room.posted).toHaveLength(40)
  })

  it('leaves to a later job no more than it has not done', async () => {
    const room = await setUpLargeRoom()
    const content = 'x'.repeat(8_000)
    for (let n = 0; n < 40; n++) await room.deliver([await room.append(content)], far)
    let reads = 0
    const log: typeof room.log = {
      ...room.log,
      read: (page) => {
        if (++reads === 2) room.advance(1_000)
        return room.log.read(page)
      },
    }
    await makeDeliver({ ...room.deps, log })(room.takeJobs(), room.clock() + 500)
    const begun = room.ranges().filter(({ from }) => from > 1)
    expect([begun.length, room.ranges().length]).toEqual([4, 16])

    await room.newConsumer()(room.takeJobs(), far)
    const all = Array.from({ length: 40 }, (_, index) => index + 1)
    for (const seqs of room.seqsByConnection().values()) expect(seqs).toEqual(all)
  })

  const breaking = async (failure: Error) => {
    const room = await setUpLargeRoom()
    const directory: typeof room.directory = {
      ...room.directory,
      members: (roomId, slots) => {
        if (slots?.first === '3000') throw failure
        return room.directory.members(roomId, slots)
      },
    }
    await room.deliver([await room.append()], far)
    return { ...room, broken: makeDeliver({ ...room.deps, directory }) }
  }

  it('rejects when the store is away, and serves the rest of the parts once', async () => {
    const room = await breaking(away())
    const jobs = room.takeJobs()
    await expect(room.broken(jobs, far)).rejects.toThrow('The broker is away')
    const served = room.posted.length
    expect(served).toBeLessThan(40)
    await expect(room.broken(jobs, far)).rejects.toThrow('The broker is away')
    expect(room.posted).toHaveLength(served)
    expect(room.deadLetters).toEqual([])
  })

  it('sets the jobs of a part aside that fail of a defect, and serves the other parts', async () => {
    const room = await breaking(new Error('The row has no endpoint'))
    await room.broken(room.takeJobs(), far)
    expect(room.deadLetters.map(({ body }) => JSON.parse(body))).toMatchObject([
      { kind: 'range', roomId: 'general', slots: { first: '3000', last: '3fff' } },
    ])
    expect(room.posted.length).toBeGreaterThan(20)
    for (const seqs of room.seqsByConnection().values()) expect(seqs).toEqual([1])
  })

  it('holds few pages of members and has few posts under way at a time', async () => {
    const room = await setUpLargeRoom({ members: 2_000 })
    await room.deliver([await room.append()], far)
    let [pages, mostPages, posts, mostPosts] = [0, 0, 0, 0]
    const directory: typeof room.directory = {
      ...room.directory,
      members: async function* (roomId, slots) {
        for await (const page of room.directory.members(roomId, slots)) {
          mostPages = Math.max(mostPages, ++pages)
          yield page
          pages--
        }
      },
    }
    const poster: typeof room.poster = {
      ...room.poster,
      post: async (connection, frame) => {
        mostPosts = Math.max(mostPosts, ++posts)
        await new Promise((resolve) => setImmediate(resolve))
        posts--
        return room.poster.post(connection, frame)
      },
    }
    await makeDeliver({ ...room.deps, directory, poster })(room.takeJobs(), far)
    expect(room.posted).toHaveLength(2_000)
    expect([mostPages, mostPosts]).toEqual([4, 128])
  })
})

describe('deliver, to a room that grows and shrinks', () => {
  it('reads no members of a large room, but looks again after 30 s, at no more than it needs to', async () => {
    const room = await setUpLargeRoom({ members: 5_000, largeRoomMembers: 1_000 })
    await room.deliver([await room.append()], far)
    expect(room.pagesRead.splice(0)).toEqual([500, 500, 500])
    room.advance(29_999)
    await room.deliver([await room.append()], far)
    expect(room.pagesRead).toEqual([])
    room.advance(1)
    await room.deliver([await room.append()], far)
    expect(room.pagesRead.splice(0)).toEqual([500, 500])
    await room.deliver([await room.append()], far)
    expect(room.pagesRead).toEqual([])
    expect(room.ranges()).toHaveLength(4 * 16)
  })

  it('is split until it has a fifth less than made it large, and then served as it is', async () => {
    const room = await setUpLargeRoom({ members: 21, largeRoomMembers: 20 })
    const speak = async () => {
      await room.deliver([await room.append()], far)
      const split = room.jobs.length > 0
      await room.deliver(room.takeJobs(), far)
      return split
    }
    const leave = async (...ids: string[]) => {
      for (const id of ids) await room.directory.leave('general', id)
      room.advance(30_000)
    }
    expect(await speak()).toBe(true)
    await leave('c21', 'c20', 'c19', 'c18')
    expect(await speak()).toBe(true)
    await leave('c17')
    expect(await speak()).toBe(false)
    await room.seatUpTo(20, 17)
    expect(await speak()).toBe(false)
    await room.seatUpTo(21, 21)
    expect(await speak()).toBe(true)
    // Nobody who stayed all the time missed anything, or got it twice: what was posted directly is no hole.
    for (let n = 1; n <= 16; n++) expect(room.seqsOf(`c${n}`)).toEqual([1, 2, 3, 4, 5])
  })
})
