import type { Draft } from '../../../core/domain/entry.ts'
import { entryOf } from '../../../core/domain/entry.ts'
import type { IdSource } from '../../../core/ports.ts'
import { isExpired, type Run } from './run.ts'
import type { TailEnd } from './tail.ts'

type Options = {
  readonly nowMs: number
  readonly newId: IdSource
  /** How long an entry is kept at least, in ms; undefined: for good. */
  readonly retentionMs: number | undefined
}

/**
 * A tail with less than an hour left is neither trusted nor continued: it may be removed while a writer still
 * goes by it, and positions may then begin anew.
 */
export const endsSoon = (last: TailEnd, nowMs: number): boolean => isExpired(last, nowMs + marginMs)

const marginMs = 60 * 60 * 1000

/** The run that follows the last one: in its epoch, or in a new one if that is about to expire. */
export const successorOf = (last: TailEnd | undefined, drafts: readonly Draft[], options: Options): Run => {
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

/** Never lower than the run's before it, so that what is gone is always the beginning of an epoch. */
const expiryAfter = (
  last: TailEnd | undefined,
  continues: boolean,
  { nowMs, retentionMs }: Options,
): { readonly expiresAt?: number } => {
  // What is kept for good is followed by entries kept for good: retention, switched on later, is for new rooms.
  const keptForGood = retentionMs === undefined || (continues && last?.expiresAt === undefined)
  if (keptForGood) return {}
  return { expiresAt: Math.max(last?.expiresAt ?? 0, Math.ceil((nowMs + retentionMs) / 1000)) }
}
