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
