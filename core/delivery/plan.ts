/** A contiguous range of a room's log: first and last seq, and their epoch. */
export type SeqRange = { readonly epoch: string; readonly from: number; readonly to: number }

/**
 * Longest gap that is filled, in entries (our choice). A longer one means that the hint is out of date, because another
 * consumer served the room meanwhile. Members that miss messages ask for them.
 */
export const maxHole = 100

/**
 * Plans the ranges to send for jobs of one room: ascending within an epoch, epochs in the order of their first jobs.
 * Ranges that were delivered before are left out, and gaps between them are included.
 *
 * @param delivered range that this consumer has delivered to the same members, as far as it remembers: a hint
 */
export const planDelivery = (
  jobs: readonly SeqRange[],
  delivered: SeqRange | undefined,
): readonly SeqRange[] => {
  const byEpoch = Map.groupBy(jobs, ({ epoch }) => epoch)
  return [...byEpoch].flatMap(([epoch, ofEpoch]) =>
    planEpoch(ofEpoch, delivered?.epoch === epoch ? delivered : undefined),
  )
}

/** Returns the next hint: the longest contiguous range that was delivered and ends with the newest entry. */
export const deliveredAfter = (delivered: SeqRange | undefined, sent: SeqRange): SeqRange =>
  delivered?.epoch === sent.epoch ? (join([delivered, sent], 0).at(-1) ?? sent) : sent

const planEpoch = (jobs: readonly SeqRange[], known: SeqRange | undefined): readonly SeqRange[] => {
  if (!known) return join(jobs, maxHole)
  const parts = jobs.flatMap((job) => without(job, known))
  // A range older than the hint says nothing about the entries in between.
  const older = parts.filter(({ to }) => to < known.from)
  const newer = parts.filter(({ from }) => from > known.to)
  return [...join(older, 0), ...join([known, ...newer], maxHole).flatMap((range) => without(range, known))]
}

/** Merges ranges, in ascending order, that are separated by gaps of at most `maxHole`; the gaps become part of them. */
const join = (ranges: readonly SeqRange[], longestHole: number): readonly SeqRange[] => {
  const joined: SeqRange[] = []
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1)
    if (!last || range.from - last.to - 1 > longestHole) joined.push(range)
    else joined.splice(-1, 1, { ...last, to: Math.max(last.to, range.to) })
  }
  return joined
}

const without = (range: SeqRange, known: SeqRange): readonly SeqRange[] =>
  [
    { ...range, to: Math.min(range.to, known.from - 1) },
    { ...range, from: Math.max(range.from, known.to + 1) },
  ].filter(({ from, to }) => from <= to)
