/** Time, as the client sees it: replaceable in tests. */
export type Timers = {
  /** ms on a clock that never goes back; only differences have a meaning. */
  readonly now: () => number
  /** Calls back once, `ms` from now; what it returns cancels that. */
  readonly after: (ms: number, callback: () => void) => () => void
}

/** The clock and timers of the browser or of Node. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
