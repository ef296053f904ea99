import type { Draft, Entry } from '../../../core/domain/entry.ts'
import { endOf, type Run } from './run.ts'

/** The end of a room's log as far as a writer has seen it, in complete runs. */
export type Tail = {
  /** Returns the last run without its entries. */
  readonly last: () => TailEnd
  /** Returns the lowest position from which the keys of all entries are known; never before the current epoch. */
  readonly from: () => number
  /** Adds the next run. @throws Error if it does not follow */
  readonly push: (run: Run) => void
  /** Adds the run with the entry before the first known one. @throws Error if it does not contain that entry */
  readonly unshift: (run: Run) => void
  /** Returns the position of the first entry with this key after `position`. */
  readonly find: (key: string, position: number) => number | undefined
}

export type TailEnd = {
  readonly epoch: string
  readonly base: number
  readonly end: number
  readonly expiresAt?: number
}

/** Returns the key that a retry shares with the first try; undefined without clientMessageId. */
export const keyOf = ({ sender, clientMessageId }: Entry | Draft): string | undefined =>
  // User ids contain no control characters, so different pairs have different keys.
  clientMessageId === undefined ? undefined : `${sender.userId}\n${clientMessageId}`

/**
 * Creates a tail.
 *
 * @param newest last run of the room
 * @param capacity minimum number of keys to keep; it may keep twice as many
 */
export const makeTail = (newest: Run, capacity: number): Tail => {
  let last = tailEndOf(newest)
  let from = newest.position
  let keys = newest.entries.map(keyOf)
  // Positions of the last entry per key, so that an absent key, the normal case, needs no search.
  const positions = new Map<string, number>()
  remember(positions, newest)

  const trim = () => {
    const surplus = keys.length - capacity
    if (surplus <= capacity) return
    for (const [index, key] of keys.slice(0, surplus).entries()) {
      if (key !== undefined && positions.get(key) === from + index) positions.delete(key)
    }
    keys = keys.slice(surplus)
    from += surplus
  }

  return {
    last: () => last,
    from: () => from,
    push: (run) => {
      requireAt(run.position, last.end + 1)
      if (run.epoch !== last.epoch) {
        keys = []
        positions.clear()
        from = run.position
      }
      last = tailEndOf(run)
      for (const entry of run.entries) keys.push(keyOf(entry))
      remember(positions, run)
      trim()
    },
    unshift: (run) => {
      requireAt(Math.min(endOf(run), from - 1), from - 1)
      keys = [...run.entries.slice(0, from - run.position).map(keyOf), ...keys]
      from = run.position
      remember(positions, run)
    },
    find: (key, position) =>
      (positions.get(key) ?? 0) > position
        ? from + keys.indexOf(key, Math.max(0, position + 1 - from))
        : undefined,
  }
}

const tailEndOf = (run: Run): TailEnd => ({
  epoch: run.epoch,
  base: run.base,
  end: endOf(run),
  ...(run.expiresAt !== undefined && { expiresAt: run.expiresAt }),
})

const remember = (positions: Map<string, number>, run: Run): void => {
  for (const [index, entry] of run.entries.entries()) {
    const key = keyOf(entry)
    const position = run.position + index
    if (key !== undefined && position > (positions.get(key) ?? 0)) positions.set(key, position)
  }
}

const requireAt = (actual: number, due: number): void => {
  if (actual !== due) throw new Error(`The log has a gap: found position ${actual} instead of ${due}`)
}
