/** Resolves after that many ms, or as soon as `over` is aborted. */
export const pause = (ms: number, over: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (over.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      over.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    over.addEventListener('abort', end)
  })

/** Resolves once it is aborted: at once where it is already. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** How long to wait after the nth failure in a row: 100 ms, twice as long each time, at most 5 s. */
export const backoffMs = (failures: number): number => Math.min(100 * 2 ** (failures - 1), 5_000)
