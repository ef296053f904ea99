/** How long the client waits for what; `makeChatClient` takes any of them as `timings`. */
export type Timings = { readonly [name in keyof typeof defaultTimings]: number }

export const defaultTimings = {
  /** A socket that has not opened by then is given up. Ours. */
  connectTimeoutMs: 10_000,
  /** A request without a reply by then has failed; a Lambda that starts cold takes a few seconds. Ours. */
  requestTimeoutMs: 10_000,
  /** A hole in what is pushed may close by itself within this time; then it is asked for. Ours. */
  holeWaitMs: 500,
  /** A room counts as quiet this long after its last message, and its head is asked for. PROTOCOL: about 10 s. */
  quietMs: 10_000,
  /** From then on its head is asked for this often. Below API Gateway's idle limit of 10 minutes. PROTOCOL: 4 minutes. */
  keepAliveMs: 240_000,
  /** Upper bound of the first wait before another attempt; it doubles with each failure. Ours. */
  backoffMinMs: 500,
  /** Upper bound of every wait before another attempt. Ours. */
  backoffMaxMs: 30_000,
  /** A connection that has lived this long was a good one: the next failure is a first failure again. Ours. */
  stableMs: 10_000,
  /**
   * A connection whose age the server limits is exchanged for another one somewhere between this share of that age
   * and the next: clients that came together do not change together, and there is time for several attempts. Ours.
   */
  changeEarliestShare: 0.85,
  changeLatestShare: 0.95,
} as const

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

/** ms to wait after that many failures in a row; 1 is the first. */
export type Backoff = (failures: number) => number

type Options = Pick<Timings, 'backoffMinMs' | 'backoffMaxMs'> & {
  /** From 0 up to, but not including, 1. */
  readonly random: () => number
}

/**
 * Full jitter: anything between nothing and a bound that doubles with each failure. Clients that lost their
 * server at the same moment come back spread over the whole span and not in waves.
 */
export const makeBackoff =
  ({ backoffMinMs, backoffMaxMs, random }: Options): Backoff =>
  (failures) =>
    random() * Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.max(0, failures - 1))

/**
 * Calls back when the browser says that the network is back or that the page is seen again: timers of a hidden page
 * and of a sleeping machine come late. Does nothing in Node. What it returns ends it.
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
