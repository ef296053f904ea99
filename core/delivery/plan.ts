/** Entries of a room's log without a hole: first and last seq, and the epoch that they belong to. */
export type SeqRange = { readonly epoch: string; readonly from: number; readonly to: number }

/**
 * A longer hole than this is not filled: the hint is taken to be out of date (another consumer served the room
 * meanwhile). Members that miss something ask for it.
 */
export const maxHole = 100

/**
 * What is to be sent for jobs of one room, in the order of the lane: ascending within an epoch, epochs in the order
 * of their first jobs. Without what was delivered before, and with what is missing in between and has to be read.
 *
 * @param delivered what this consumer has handed to the same members, as far as it remembers: a hint
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

/** The longest range without a hole that is known to be delivered and ends with the newest: the next hint. */
export const deliveredAfter = (delivered: SeqRange | undefined, sent: SeqRange): SeqRange =>
  delivered?.epoch === sent.epoch ? (join([delivered, sent], 0).at(-1) ?? sent) : sent

const planEpoch = (jobs: readonly SeqRange[], known: SeqRange | undefined): readonly SeqRange[] => {
  if (!known) return join(jobs, maxHole)
  const parts = jobs.flatMap((job) => without(job, known))
  // What is older than all that is remembered may never have been sent, but says nothing of what lies beside it.
  const older = parts.filter(({ to }) => to < known.from)
  const newer = parts.filter(({ from }) => from > known.to)
  return [...join(older, 0), ...join([known, ...newer], maxHole).flatMap((range) => without(range, known))]
}

/** Ascending, each a hole apart from the next that is longer than said: what lies in a shorter one is taken in. */
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
