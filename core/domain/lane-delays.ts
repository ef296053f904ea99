/** The delays that a job can be published with, in ms, ascending. Each is a queue of its own in the broker. */
export const laneDelaysMs: readonly number[] = [1_000, 5_000, 30_000]

/** The shortest delay that is at least this long. @throws RangeError if all are shorter, which is a defect */
export const delayAtLeast = (ms: number): number => {
  const delayMs = laneDelaysMs.find((delay) => delay >= ms)
  if (delayMs === undefined) {
    throw new RangeError(`No delay of ${ms} ms; the longest is ${laneDelaysMs.at(-1)} ms`)
  }
  return delayMs
}
