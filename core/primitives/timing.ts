/** Resolves after `ms`, or as soon as `over` is aborted. */
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

/** Resolves once a signal is aborted, immediately if it is already. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** Returns the wait after a number of consecutive failures, in ms: 100, twice as long each time, at most 5,000. */
export const backoffMs = (failures: number): number => Math.min(100 * 2 ** (failures - 1), 5_000)
