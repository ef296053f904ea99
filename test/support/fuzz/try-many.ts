import fc from 'fast-check'

type Options<T> = {
  readonly of: fc.Arbitrary<T>
  /** Rejects for a case that shows a defect. */
  readonly tryOne: (value: T) => Promise<void>
  /** How many there were so far, in whatever is to be counted. */
  readonly tried: () => number
  readonly atLeast: number
}

/** In ms: the search for a smaller case ends then. Each try of what hangs takes its whole patience. */
const interruptAfterTimeLimit = 120_000

/**
 * Tries random cases until there were enough. The seed is printed; a failure names the seed and the path of its
 * smallest case, which FUZZ_SEED and FUZZ_PATH bring again at once.
 */
export const tryMany = async <T>({ of, tryOne, tried, atLeast }: Options<T>): Promise<void> => {
  const { FUZZ_SEED, FUZZ_PATH: path } = process.env
  const seed = FUZZ_SEED ? Number(FUZZ_SEED) : Math.trunc(Math.random() * 2 ** 31)
  console.info(`FUZZ_SEED=${seed} tries ${atLeast}`)
  const failures: { readonly value: T; readonly error: unknown }[] = []
  const property = fc.asyncProperty(of, async (value) => {
    try {
      await tryOne(value)
    } catch (error) {
      failures.push({ value, error })
      throw error
    }
  })
  if (path) return fc.assert(property, { seed, path, endOnFailure: true })
  for (let round = 0; tried() < atLeast; round++) {
    const options = { seed: seed + round, numRuns: 20, interruptAfterTimeLimit }
    const outcome = await fc.check(property, options)
    const smallest = failures.at(-1)
    if (outcome.interrupted && smallest) {
      const text = `FUZZ_SEED=${seed + round} fails; the smallest case found in time: ${fc.stringify(smallest.value)}`
      throw new Error(text, { cause: smallest.error })
    }
    if (outcome.failed) throw new Error(fc.defaultReportMessage(outcome), { cause: outcome.errorInstance })
  }
}
