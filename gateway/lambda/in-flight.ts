/** Work that has been begun and is not done, so that a shutdown can wait for it. */
export type InHand = {
  readonly count: () => number
  /** Returns the work itself: whoever began it still sees its failure. */
  readonly track: <T>(work: Promise<T>) => Promise<T>
  /** Resolves when there is none left, or after so many ms: whether there is none left. */
  readonly settled: (withinMs: number) => Promise<boolean>
}

export const makeInHand = (): InHand => {
  const works = new Set<Promise<unknown>>()
  return {
    count: () => works.size,
    track: (work) => {
      works.add(work)
      const done = () => {
        works.delete(work)
      }
      void work.then(done, done)
      return work
    },
    settled: async (withinMs) => {
      const deadline = performance.now() + withinMs
      while (works.size > 0) {
        const leftMs = deadline - performance.now()
        if (leftMs <= 0 || (await within(Promise.allSettled([...works]), leftMs)) === tooLate) break
      }
      return works.size === 0
    },
  }
}

export const tooLate = Symbol('too late')

/** What the work resolves to, or `tooLate` after so many ms; the work itself goes on then, and its end is ignored. */
export const within = async <T>(work: Promise<T>, ms: number): Promise<T | typeof tooLate> => {
  const { promise, resolve } = Promise.withResolvers<typeof tooLate>()
  const timer = setTimeout(() => resolve(tooLate), ms)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
