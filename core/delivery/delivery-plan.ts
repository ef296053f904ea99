import type { Entry } from '../domain/entry.ts'
import type { MessagesJob } from '../domain/job.ts'

/** What this consumer has handed to a room's members without a hole, as far as it remembers: a hint. */
export type DeliveredRange = { readonly epoch: string; readonly from: number; readonly to: number }

/** What to send of one epoch: the entries at hand, and which seqs have to be read from the log beside them. */
export type DeliveryPlan = {
  readonly epoch: string
  /** Ascending, without repeats, without what was delivered before. */
  readonly entries: readonly Entry[]
  /** First and last seq to read, so that nothing is missing between the entries. */
  readonly missing: { readonly from: number; readonly to: number } | undefined
  readonly delivered: DeliveredRange
}

/**
 * Beyond this many entries a hint is taken to be out of date (another consumer served the room meanwhile) and
 * nothing is filled: members that miss something ask for it.
 */
export const maxHole = 100

/** Jobs of one room, in the order of the lane, as plans: one for each epoch, in the order of their first jobs. */
export const planDelivery = (
  jobs: readonly MessagesJob[],
  delivered: DeliveredRange | undefined,
): readonly DeliveryPlan[] => {
  const byEpoch = Map.groupBy(jobs, ({ epoch }) => epoch)
  return [...byEpoch].flatMap(([epoch, ofEpoch]) => {
    const known = delivered?.epoch === epoch ? delivered : undefined
    return planEpoch(
      epoch,
      ofEpoch.flatMap(({ entries }) => entries),
      known,
    )
  })
}

const planEpoch = (
  epoch: string,
  entries: readonly Entry[],
  known: DeliveredRange | undefined,
): DeliveryPlan[] => {
  const fresh = new Map(
    entries
      .filter(({ seq }) => !known || seq < known.from || seq > known.to)
      .map((entry) => [entry.seq, entry]),
  )
  const ascending = [...fresh.values()].sort((a, b) => a.seq - b.seq)
  const [first, last] = [ascending[0], ascending.at(-1)]
  if (!first || !last) return []
  const start = known && last.seq > known.to && last.seq - known.to <= maxHole ? known.to + 1 : first.seq
  const missing = missingBetween(ascending, start, last.seq)
  return [{ epoch, entries: ascending, missing, delivered: rangeAfter(epoch, ascending, missing, known) }]
}

const missingBetween = (
  entries: readonly Entry[],
  start: number,
  end: number,
): { readonly from: number; readonly to: number } | undefined => {
  if (end - start >= maxHole) return undefined
  const present = new Set(entries.map(({ seq }) => seq))
  const absent = Array.from({ length: end - start + 1 }, (_, index) => start + index).filter(
    (seq) => !present.has(seq),
  )
  const [from, to] = [absent[0], absent.at(-1)]
  return from === undefined || to === undefined ? undefined : { from, to }
}

/** The longest range without a hole that ends with what is sent now. */
const rangeAfter = (
  epoch: string,
  entries: readonly Entry[],
  missing: DeliveryPlan['missing'],
  known: DeliveredRange | undefined,
): DeliveredRange => {
  const last = entries.at(-1)?.seq ?? 0
  if (known && known.to >= last) return known
  const seqs = new Set(entries.map(({ seq }) => seq))
  const covered = (seq: number): boolean =>
    seqs.has(seq) || seq === known?.to || (missing !== undefined && seq >= missing.from && seq <= missing.to)
  let from = last
  while (from > 1 && covered(from - 1)) from = from - 1 === known?.to ? known.from : from - 1
  return { epoch, from, to: last }
}
