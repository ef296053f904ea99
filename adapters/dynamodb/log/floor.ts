import type { Clock } from '../../../core/ports.ts'
import type { BoundedMap } from '../../../core/primitives/bounded-map.ts'
import { endOf, isExpired, type Run } from './run.ts'
import type { RunStore } from './run-store.ts'

/** The first run of a room's epoch that has not expired, as it was found last. */
export type Floor = Pick<Run, 'epoch' | 'position'> & { readonly expiresAt?: number }

/**
 * Position of the first entry of the tail's epoch that has not expired.
 *
 * @param removed a position at which nothing is any more, for whoever has come upon it: the floor lies beyond it
 * @throws ChatError `unavailable`
 */
export type FindFloor = (roomId: string, tail: Run, removed?: number) => Promise<number>

type Deps = { readonly store: RunStore; readonly floors: BoundedMap<string, Floor>; readonly clock: Clock }

/**
 * Expiry never decreases along an epoch, so the floor only rises and can be searched for by halving, although TTL
 * removes expired items in any order. A room keeps its floor for as long as that run lives: most reads need no
 * search at all.
 *
 * @param deps.tail must not have expired
 */
export const makeFindFloor = ({ store, floors, clock }: Deps): FindFloor => {
  const findFrom = async (roomId: string, tail: Run, lowest: number): Promise<Floor> => {
    const nowMs = clock()
    // Everything up to `dead` is gone; `alive` is not.
    let dead = lowest - 1
    let alive = tail
    for (let probe = lowest; dead + 1 < alive.position; probe = middle(dead, alive.position)) {
      const { runs } = await store.query(roomId, { to: probe, order: 'descending', limit: 1 })
      const [run] = runs
      // One that does not reach the probed position stands before one that was removed.
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

/** A position between the two, given that there is one. */
const middle = (dead: number, alive: number): number => dead + 1 + Math.floor((alive - dead - 2) / 2)
