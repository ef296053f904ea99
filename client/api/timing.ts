/** Durations and shares that `makeChatClient` accepts as `timings`. */
export type Timings = { readonly [name in keyof typeof defaultTimings]: number }

/** Default timings. Durations are in ms. */
export const defaultTimings = {
  /** Time limit of opening a socket (our choice). */
  connectTimeoutMs: 10_000,
  /** Time limit of a reply; a cold start of a Lambda takes a few seconds (our choice). */
  requestTimeoutMs: 10_000,
  /** Time in which a gap in pushed messages may close by itself before the client fetches it (our choice). */
  holeWaitMs: 500,
  /** Time after a room's last message when the client asks for the room's head. PROTOCOL: about 10 s. */
  quietMs: 10_000,
  /** Interval of later questions; below API Gateway's idle limit of 10 minutes. PROTOCOL: 4 minutes. */
  keepAliveMs: 240_000,
  /** Upper bound of the first wait before another attempt; it doubles with each failure (our choice). */
  backoffMinMs: 500,
  /** Upper bound of every wait before another attempt (our choice). */
  backoffMaxMs: 30_000,
  /** Life of a connection after which it counts as stable, so that backoff begins anew (our choice). */
  stableMs: 10_000,
  /**
   * Earliest rollover of a connection, as a share of its maximum age. The moment is random between this share and the
   * latest, so that clients that connected together do not roll over together (our choice).
   */
  changeEarliestShare: 0.85,
  /** Latest rollover of a connection, as a share of its maximum age; time for several attempts remains (our choice). */
  changeLatestShare: 0.95,
} as const

/** Clock and timers of the client; replaceable in tests. */
export type Timers = {
  /** Returns ms on a monotonic clock; only differences are meaningful. */
  readonly now: () => number
  /** Calls back once after `ms`. @returns a function that cancels the call */
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

/** Returns the wait in ms after a number of consecutive failures, from 1. */
export type Backoff = (failures: number) => number

type Options = Pick<Timings, 'backoffMinMs' | 'backoffMaxMs'> & {
  /** Random number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
}

/**
 * Creates a backoff with full jitter: a random wait between 0 and a bound that doubles with each failure. It spreads the
 * return of clients that lost their server at the same moment.
 */
export const makeBackoff =
  ({ backoffMinMs, backoffMaxMs, random }: Options): Backoff =>
  (failures) =>
    random() * Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.max(0, failures - 1))

/**
 * Calls back when the browser reports that the network is back or the page is visible again. Timers of a hidden page or
 * a sleeping machine fire late. Does nothing in Node.
 *
 * @returns a function that removes the listeners
 */
export const onWaking = (callback: () => void): (() => void) => {
  if (typeof window === 'undefined') return () => undefined
  const seen = () => {
    if (document.visibilityState === 'visible') callback()
  }
  window.addEventListener('online', callback)
  document.addEventListener('visibilitychange', seen)
  return () => {
    window.removeEventListener('online', callback)
    document.removeEventListener('visibilitychange', seen)
  }
}
