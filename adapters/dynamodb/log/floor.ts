import type { Clock } from '../../../core/ports.ts'
import type { BoundedMap } from '../../../core/primitives/bounded-map.ts'
import { endOf, isExpired, type Run } from './run.ts'
import type { RunStore } from './run-store.ts'

/** The first unexpired run of a room's epoch, as found last. */
export type Floor = Pick<Run, 'epoch' | 'position'> & { readonly expiresAt?: number }

/**
 * Returns the position of the first unexpired entry of the tail's epoch.
 *
 * @param removed position at which an item is missing, if the caller found one: the floor lies after it
 * @throws ChatError `unavailable`
 */
export type FindFloor = (roomId: string, tail: Run, removed?: number) => Promise<number>

type Deps = { readonly store: RunStore; readonly floors: BoundedMap<string, Floor>; readonly clock: Clock }

/**
 * Creates the search for the floor. Expiry never decreases along an epoch, so the floor only rises and a binary search finds
 * it, although TTL deletes expired items in any order. A room keeps its floor while that run exists, so most reads need no
 * search. The tail must not have expired.
 */
export const makeFindFloor = ({ store, floors, clock }: Deps): FindFloor => {
  const findFrom = async (roomId: string, tail: Run, lowest: number): Promise<Floor> => {
    const nowMs = clock()
    // All entries up to `dead` are gone; `alive` exists.
    let dead = lowest - 1
    let alive = tail
    for (let probe = lowest; dead + 1 < alive.position; probe = middle(dead, alive.position)) {
      const { runs } = await store.query(roomId, { to: probe, order: 'descending', limit: 1 })
      const [run] = runs
      // A run that does not reach the probed position lies before a deleted one.
      if (run === undefined || run.position <= tail.base || endOf(run) < probe) dead = probe
      else if (isExpired(run, nowMs)) dead = endOf(run)
      else alive = run
    }
    return alive
  }

  return async (roomId, tail, removed = tail.base) => {
    const known = floors.get(roomId)
    const least = known?.epoch === tail.epoch ? known.position : tail.base + 1
    const isKnown = known?.epoch === tail.epoch && known.position > removed && !isExpired(known, clock())
    if (isKnown) return known.position
    const { position, epoch, expiresAt } = await findFrom(roomId, tail, Math.max(least, removed + 1))
    floors.set(roomId, { position, epoch, ...(expiresAt !== undefined && { expiresAt }) })
    return position
  }
}

/** Returns a position between two positions, which must not be adjacent. */
const middle = (dead: number, alive: number): number => dead + 1 + Math.floor((alive - dead - 2) / 2)
