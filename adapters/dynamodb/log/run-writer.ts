import { setTimeout as delay } from 'node:timers/promises'
import type { Appended, Draft } from '../../../core/domain/entry.ts'
import type { Clock, IdSource } from '../../../core/ports.ts'
import type { BoundedMap } from '../../../core/primitives/bounded-map.ts'
import { ChatError } from '../../../protocol/chat-error.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { endsSoon, nextRunOf } from './next-run.ts'
import { type JudgeRetries, makeJudgeRetries, positionAfter } from './retries.ts'
import { endOf, isExpired, type Run } from './run.ts'
import type { RunStore } from './run-store.ts'
import { keyOf, makeTail, type Tail } from './tail.ts'
import { makeTailReader, type TailReader, tailEntries } from './tail-reader.ts'

/** A draft whose caller waits. */
export type Pending = {
  readonly draft: Draft
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/**
 * Tries once to store drafts of a room as one run. Settles each draft that is stored, was stored before, or is refused.
 *
 * @param losses number of consecutive races that these drafts have lost
 * @returns the other drafts, in order: another writer was faster
 * @throws ChatError `unavailable` for unsettled drafts: they may be stored, now or a moment later
 */
export type WriteRun = <P extends Pending>(
  roomId: string,
  pendings: readonly P[],
  losses: number,
) => Promise<readonly P[]>

/** State of a room that a writer remembers between runs. */
export type KnownTail = {
  readonly tail: Tail
  /** Position of the last entry that this writer has put itself. */
  readonly ownEnd: number | undefined
  /** True if others write to the room: look before the next put, because a failed put costs as much as five reads. */
  readonly contested: boolean
}

type Deps = {
  readonly store: RunStore
  readonly tails: BoundedMap<string, KnownTail>
  readonly clock: Clock
  readonly newId: IdSource
  readonly limits: Limits
  /** Minimum life of entries in ms, at least a day; undefined keeps them permanently. */
  readonly retentionMs: number | undefined
  /** Returns the wait after the n-th consecutive lost race, in ms. */
  readonly waitAfterLossMs: (losses: number) => number
}

export const makeWriteRun = (deps: Deps): WriteRun => {
  const { store, tails, clock, newId, limits, retentionMs, waitAfterLossMs } = deps
  const reader = makeTailReader({ store, clock, limits })
  const judgeRetries = makeJudgeRetries({ reader, limits })

  return async (roomId, pendings, losses) => {
    const known = tails.get(roomId)
    // Forgotten until this run succeeds, so that an error leaves no uncertain state.
    tails.delete(roomId)
    const tail = await lookUp({ reader, clock, limits }, roomId, pendings, known)
    const fresh = await settleRetries(judgeRetries, pendings, visible(tail, clock()))
    if (fresh.length === 0) {
      if (tail !== undefined) tails.set(roomId, { ownEnd: undefined, contested: false, ...known, tail })
      return []
    }

    const drafts = fresh.map(({ pending }) => pending.draft)
    const run = nextRunOf(tail?.last(), drafts, { nowMs: clock(), newId, retentionMs })
    const remember = (runs: readonly [Run, ...Run[]], state: Omit<KnownTail, 'tail'>) =>
      tails.set(roomId, { ...state, tail: extend(tail, runs, limits) })
    const settleAsOwn = (runs: readonly [Run, ...Run[]]) => {
      const between = known?.ownEnd !== undefined && known.ownEnd !== run.position - 1
      remember(runs, { ownEnd: endOf(run), contested: between || losses > 0 })
      settleStored(run, fresh)
      return []
    }
    if ((await store.put(roomId, run)) === 'stored') return settleAsOwn([run])

    await delay(waitAfterLossMs(losses + 1))
    const following = await reader.following(roomId, run.position)
    // The put may have succeeded while its answer was lost, so that the SDK repeated it.
    if (isSame(following[0], run)) return settleAsOwn(following)
    remember(following, { ownEnd: known?.ownEnd, contested: false })
    const left = new Set(fresh.flatMap(({ pending, repeats }) => [pending, ...repeats]))
    return pendings.filter((pending) => left.has(pending))
  }
}

/** Returns the tail: the known one if it suffices, or else a fresh one. */
const lookUp = async (
  { reader, clock, limits }: { reader: TailReader; clock: Clock; limits: Limits },
  roomId: string,
  pendings: readonly Pending[],
  known: KnownTail | undefined,
): Promise<Tail | undefined> => {
  const last = known?.tail.last()
  if (known === undefined || last === undefined || endsSoon(last, clock())) {
    // With `since`, a few runs suffice mostly; without it, the whole window is needed.
    const wantsWindow = pendings.some(({ draft }) => keyOf(draft) !== undefined && draft.since === undefined)
    return reader.newest(roomId, wantsWindow ? Math.max(10, limits.retryWindowEntries) : 10)
  }
  const certain = pendings.every(({ draft }) => canBeJudged(draft, known.tail, limits))
  return certain && !known.contested ? known.tail : reader.catchUp(roomId, known.tail)
}

/**
 * Tells whether a remembered tail suffices. Another writer may have appended or begun an epoch. Then a `since` may fit after
 * all, and an apparent retry without `since` may be too old.
 */
const canBeJudged = (draft: Draft, tail: Tail, limits: Limits): boolean => {
  const after = positionAfter(draft, tail.last(), limits)
  const key = keyOf(draft)
  if (after instanceof ChatError) return false
  return draft.since !== undefined || key === undefined || tail.find(key, after) === undefined
}

/** Returns the tail as readers see it: undefined once the last entry has expired. */
const visible = (tail: Tail | undefined, nowMs: number): Tail | undefined =>
  tail === undefined || isExpired(tail.last(), nowMs) ? undefined : tail

/** A draft to store, with later drafts of the same run that repeat it. */
type Fresh<P> = { readonly pending: P; readonly repeats: P[] }

/** Settles drafts that are stored already or refused, and returns those to store. */
const settleRetries = async <P extends Pending>(
  judgeRetries: JudgeRetries,
  pendings: readonly P[],
  tail: Tail | undefined,
): Promise<readonly Fresh<P>[]> => {
  const fresh: Fresh<P>[] = []
  const byKey = new Map<string, Fresh<P>>()
  const verdicts = await judgeRetries(
    pendings.map(({ draft }) => draft),
    tail,
  )
  for (const [index, pending] of pendings.entries()) {
    const verdict = verdicts[index]
    const key = keyOf(pending.draft)
    const first = key === undefined ? undefined : byKey.get(key)
    if (verdict instanceof ChatError) pending.reject(verdict)
    else if (verdict !== undefined && verdict !== 'new') pending.resolve(verdict)
    else if (first !== undefined) first.repeats.push(pending)
    else {
      const next = { pending, repeats: [] }
      fresh.push(next)
      if (key !== undefined) byKey.set(key, next)
    }
  }
  return fresh
}

const settleStored = ({ epoch, entries }: Run, fresh: readonly Fresh<Pending>[]): void => {
  for (const [index, entry] of entries.entries()) {
    fresh[index]?.pending.resolve({ epoch, entry, duplicate: false })
    for (const { resolve } of fresh[index]?.repeats ?? []) resolve({ epoch, entry, duplicate: true })
  }
}

const extend = (tail: Tail | undefined, [first, ...rest]: readonly [Run, ...Run[]], limits: Limits): Tail => {
  const extended = tail ?? makeTail(first, tailEntries(limits))
  for (const run of tail === undefined ? rest : [first, ...rest]) extended.push(run)
  return extended
}

const isSame = (one: Run, other: Run): boolean =>
  one.entries.length === other.entries.length &&
  one.entries.every(({ messageId }, index) => messageId === other.entries[index]?.messageId)
