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
