import type { Entry } from '../../../core/domain/entry.ts'
import type { Clock, MessageLog, Page, PageRequest } from '../../../core/ports.ts'
import { jsonBytes } from '../../../protocol/limits.ts'
import type { Head } from '../../../protocol/server-frames.ts'
import type { FindFloor } from './floor.ts'
import { endOf, isExpired, type Run } from './run.ts'
import type { RunStore } from './run-store.ts'

type Deps = { readonly store: RunStore; readonly findFloor: FindFloor; readonly clock: Clock }

/** State of a room when its last run was read. */
type Room = { readonly roomId: string; readonly tail: Run; readonly floor: number }

/** Creates the reading half of the log: `head` and `read`, of a room's current epoch. */
export const makeHistory = ({ store, findFloor, clock }: Deps): Pick<MessageLog, 'head' | 'read'> => {
  /** Returns the last run; undefined if readers see no entry. */
  const readTail = async (roomId: string): Promise<Run | undefined> => {
    const { runs } = await store.query(roomId, { order: 'descending', limit: 1 })
    return runs.find((run) => !isExpired(run, clock()))
  }

  return {
    head: async (roomId) => headOf(await readTail(roomId)),

    read: async (request) => {
      const { roomId, epoch, after, before } = request
      const tail = await readTail(roomId)
      const head = headOf(tail)
      if (tail === undefined) return { ...head, floor: 1, entries: [], more: false }
      const readAbove = async (floor: number): Promise<Page> => {
        if (epoch !== undefined && epoch !== tail.epoch) return { ...head, floor, entries: [], more: false }
        const room = { roomId, tail, floor }
        if (after !== undefined) {
          const first = Math.max(after + 1, floor)
          const entries = await take(upwards(store, room, first), request)
          return { ...head, floor, entries, more: first + entries.length <= head.seq }
        }
        const last = Math.min((before ?? Number.POSITIVE_INFINITY) - 1, head.seq)
        const entries = (await take(downwards(store, room, last), request)).toReversed()
        return { ...head, floor, entries, more: last - entries.length >= floor }
      }
      for (let removed: number | undefined; ; ) {
        try {
          return await readAbove((await findFloor(roomId, tail, removed)) - tail.base)
        } catch (error) {
          if (!(error instanceof GapError) || tail.expiresAt === undefined) throw error
          // The item was deleted just now, or by a clock that is ahead. It counts as expired, and so do all items before it,
          // which expire no later.
          removed = error.position
        }
      }
    },
  }
}

const headOf = (tail: Run | undefined): Head =>
  tail === undefined ? { epoch: null, seq: 0 } : { epoch: tail.epoch, seq: endOf(tail) - tail.base }

const take = async (
  entries: AsyncIterable<Entry>,
  { limit, maxBytes = Number.POSITIVE_INFINITY }: PageRequest,
): Promise<Entry[]> => {
  const taken: Entry[] = []
  let bytes = 0
  if (limit < 1) return taken
  for await (const entry of entries) {
    taken.push(entry)
    bytes += maxBytes === Number.POSITIVE_INFINITY ? 0 : jsonBytes(entry)
    if (taken.length >= limit || bytes >= maxBytes) break
  }
  return taken
}

/** Yields entries from a seq to the end of the room, in ascending order. */
async function* upwards(store: RunStore, room: Room, first: number): AsyncGenerator<Entry> {
  const { roomId, tail } = room
  let next = tail.base + first
  if (next < tail.position) {
    // The run that contains a position is the last one that begins at or before it.
    const { runs } = await store.query(roomId, { to: next, order: 'descending', limit: 1 })
    next = yield* slice(runs[0], next)
  }
  for (let limit = firstBatch; next < tail.position; limit *= 2) {
    const range = { from: next, to: tail.position - 1 }
    const { runs } = await store.query(roomId, { ...range, order: 'ascending', limit })
    if (runs.length === 0) throw new GapError(next)
    for (const run of runs) next = yield* slice(run, next)
  }
  yield* slice(tail, next)
}

/** Yields a run's entries from a position on, and returns the position after them. */
function* slice(run: Run | undefined, position: number): Generator<Entry, number> {
  if (run === undefined || position < run.position) throw new GapError(position)
  yield* run.entries.slice(position - run.position)
  return endOf(run) + 1
}

/** Yields entries from a seq down to the floor, in descending order. */
async function* downwards(store: RunStore, room: Room, last: number): AsyncGenerator<Entry> {
  const { roomId, tail, floor } = room
  let next = tail.base + last
  if (next >= tail.position) next = yield* sliceBack(tail, next)
  for (let limit = firstBatch; next >= tail.base + floor; limit *= 2) {
    const { runs } = await store.query(roomId, { to: next, order: 'descending', limit })
    if (runs.length === 0) throw new GapError(next)
    for (const run of runs) {
      if (next < tail.base + floor) return
      next = yield* sliceBack(run, next)
    }
  }
}

/** Yields a run's entries from a position down, and returns the position before them. */
function* sliceBack(run: Run, position: number): Generator<Entry, number> {
  if (endOf(run) < position) throw new GapError(position)
  yield* run.entries.slice(0, position - run.position + 1).toReversed()
  return run.position - 1
}

// Runs per query (our choice). Most pages are cut by bytes: a page of 100 needs two queries, one of long messages fewer.
const firstBatch = 50

/** Thrown when an item is missing between others. */
class GapError extends Error {
  override readonly name = 'GapError'
  readonly position: number
  constructor(position: number) {
    super(`The log has a gap at position ${position}`)
    this.position = position
  }
}
