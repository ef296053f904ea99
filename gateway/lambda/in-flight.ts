/** Work in flight: promises that a shutdown waits for. */
export type InFlight = {
  /** Number of promises that have not settled. */
  readonly count: () => number
  /** Adds a promise and returns it, so that its failure still reaches the caller. */
  readonly track: <T>(work: Promise<T>) => Promise<T>
  /** Resolves with true when no work is left, or with false after `withinMs`. */
  readonly settled: (withinMs: number) => Promise<boolean>
}

/** Creates an empty set of work in flight. */
export const makeInFlight = (): InFlight => {
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

/** Result of `within` when the time limit passed first. */
export const tooLate = Symbol('too late')

/** Resolves with the result of the work, or with `tooLate` after `ms`. The work continues; its result is ignored. */
export const within = async <T>(work: Promise<T>, ms: number): Promise<T | typeof tooLate> => {
  const { promise, resolve } = Promise.withResolvers<typeof tooLate>()
  const timer = setTimeout(() => resolve(tooLate), ms)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
