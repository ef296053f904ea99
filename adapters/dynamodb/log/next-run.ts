import type { Draft } from '../../../core/domain/entry.ts'
import { entryOf } from '../../../core/domain/entry.ts'
import type { IdSource } from '../../../core/ports.ts'
import { isExpired, type Run } from './run.ts'
import type { TailEnd } from './tail.ts'

type Options = {
  readonly nowMs: number
  readonly newId: IdSource
  /** Minimum life of an entry in ms; undefined keeps it permanently. */
  readonly retentionMs: number | undefined
}

/**
 * Tells whether a tail has less than an hour left. Such a tail is not continued: it may be deleted while a writer relies on it,
 * and positions may then begin anew.
 */
export const endsSoon = (last: TailEnd, nowMs: number): boolean => isExpired(last, nowMs + marginMs)

const marginMs = 60 * 60 * 1000

/** Creates the run after the last one: in its epoch, or in a new epoch if that is about to expire. */
export const nextRunOf = (last: TailEnd | undefined, drafts: readonly Draft[], options: Options): Run => {
  const end = last?.end ?? 0
  const continued = last !== undefined && !endsSoon(last, options.nowMs) ? last : undefined
  const { epoch, base } = continued ?? { epoch: options.newId(), base: end }
  const position = end + 1
  return {
    position,
    base,
    epoch,
    entries: drafts.map((draft, index) => entryOf(draft, position - base + index)),
    ...expiryAfter(last, continued !== undefined, options),
  }
}

/** Returns a run's expiry, never before that of the previous run, so that only the beginning of an epoch is missing. */
const expiryAfter = (
  last: TailEnd | undefined,
  continues: boolean,
  { nowMs, retentionMs }: Options,
): { readonly expiresAt?: number } => {
  // A permanent entry is followed by permanent ones: retention that is enabled later applies to new rooms.
  const keptForGood = retentionMs === undefined || (continues && last?.expiresAt === undefined)
  if (keptForGood) return {}
  return { expiresAt: Math.max(last?.expiresAt ?? 0, Math.ceil((nowMs + retentionMs) / 1000)) }
}
