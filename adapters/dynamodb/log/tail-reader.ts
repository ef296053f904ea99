import type { Entry } from '../../../core/domain/entry.ts'
import type { Clock } from '../../../core/ports.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { endOf, isExpired, type Run } from './run.ts'
import type { RunStore } from './run-store.ts'
import { makeTail, type Tail } from './tail.ts'

/** Reads the end of a room's log for a writer, consistently. Each call may throw ChatError `unavailable`. */
export type TailReader = {
  /** Returns the tail from at most `maxRuns` runs; undefined for an empty log. */
  readonly newest: (roomId: string, runs: number) => Promise<Tail | undefined>
  /** Returns the tail for a writer with an earlier one, which is extended if that is cheap. */
  readonly catchUp: (roomId: string, known: Tail) => Promise<Tail>
  /** Returns all runs from a position, at which one begins. @throws Error if none does */
  readonly following: (roomId: string, position: number) => Promise<readonly [Run, ...Run[]]>
  /** Extends the tail back to a position of its epoch. @returns false if that position has expired */
  readonly reachBack: (roomId: string, tail: Tail, position: number) => Promise<boolean>
  /** Returns unexpired entries at positions of the tail's epoch, by position. */
  readonly entriesAt: (
    roomId: string,
    tail: Tail,
    positions: readonly number[],
  ) => Promise<ReadonlyMap<number, Entry>>
}

type Deps = { readonly store: RunStore; readonly clock: Clock; readonly limits: Limits }

/** Number of entries that a tail covers: the farthest reach of a retry, so that none needs a second read. */
export const tailEntries = ({ retryWindowEntries, sinceEntries }: Limits): number =>
  Math.max(retryWindowEntries, sinceEntries)

/** Creates the reader over a store of runs. */
export const makeTailReader = ({ store, clock, limits }: Deps): TailReader => {
  const tailOf = ([newest, ...older]: readonly [Run, ...Run[]]): Tail => {
    const tail = makeTail(newest, tailEntries(limits))
    unshiftAll(tail, older, clock())
    return tail
  }

  const newest = async (roomId: string, limit: number) => {
    const { runs } = await store.query(roomId, { order: 'descending', limit })
    const [run, ...older] = runs
    return run && tailOf([run, ...older])
  }

  const catchUp = async (roomId: string, known: Tail) => {
    const from = known.last().end + 1
    const limit = Math.max(1, limits.retryWindowEntries)
    const { runs, complete } = await store.query(roomId, { from, order: 'descending', limit })
    const [run, ...older] = runs
    if (run === undefined) return known
    // A writer that was idle for long starts anew instead of reading all missed entries.
    if (!complete && runs.at(-1)?.position !== from) return tailOf([run, ...older])
    for (const next of runs.toReversed()) known.push(next)
    return known
  }

  const following = async (roomId: string, position: number) => {
    const runs: Run[] = []
    for (let from = position, complete = false; !complete; ) {
      const page = await store.query(roomId, { from, order: 'ascending', limit: 100 })
      runs.push(...page.runs)
      complete = page.complete
      from = (runs.at(-1)?.position ?? position) + 1
    }
    const [first, ...rest] = runs
    if (first?.position !== position) throw new Error(`No run begins at position ${position}, which is taken`)
    return [first, ...rest] as const
  }

  const reachBack = async (roomId: string, tail: Tail, position: number) => {
    for (let limit = 25; tail.from() > position; limit *= 4) {
      const { runs } = await store.query(roomId, { to: tail.from() - 1, order: 'descending', limit })
      if (unshiftAll(tail, runs, clock()) === 0) return false
    }
    return true
  }

  const entriesAt = async (roomId: string, tail: Tail, positions: readonly number[]) => {
    const entries = new Map<number, Entry>()
    let run: Run | undefined
    // Sorted, so that positions of one run cost one read.
    for (const position of [...positions].sort((a, b) => a - b)) {
      if (run === undefined || endOf(run) < position) {
        const { runs } = await store.query(roomId, { to: position, order: 'descending', limit: 1 })
        run = runs[0]
      }
      if (run === undefined || run.epoch !== tail.last().epoch || isExpired(run, clock())) continue
      const entry = run.entries[position - run.position]
      if (entry !== undefined) entries.set(position, entry)
    }
    return entries
  }

  return { newest, catchUp, following, reachBack, entriesAt }
}

/** Adds runs of the tail's epoch, given from the newest to the oldest. @returns the number of added runs */
const unshiftAll = (tail: Tail, runs: readonly Run[], nowMs: number): number => {
  let count = 0
  for (const run of runs) {
    // TTL deletes items in any order: items before an expired or deleted one count as expired.
    const adjoins = run.epoch === tail.last().epoch && endOf(run) >= tail.from() - 1
    if (!adjoins || isExpired(run, nowMs)) break
    tail.unshift(run)
    count++
  }
  return count
}
