/** Quotas of the gateway. Null disables a quota. */
export type GatewayLimits = {
  /**
   * Maximum size of a client's message in bytes; a larger one closes the connection with 1009. API Gateway allows
   * 32 KB for a frame and 128 KB for a message of several frames; the gateway applies the first to both.
   */
  readonly messageBytes: number
  /** Maximum size of a post or reply in bytes. API Gateway: 128 KB. */
  readonly postBytes: number
  /** Time without a text frame in either direction before a connection is closed with 1001. API Gateway: 10 minutes. */
  readonly idleMs: number | null
  /** Age at which a connection is closed with 1001. API Gateway: 2 hours. */
  readonly maxAgeMs: number | null
  /** Time limit of a route's function. API Gateway: 29 s. */
  readonly integrationTimeoutMs: number
  /** Time limit of `deliver`, the timeout of its function on AWS (our choice). */
  readonly deliverTimeoutMs: number
  /** Maximum size of the authorizer's context as JSON, in bytes. API Gateway: 8 KB. */
  readonly authorizerContextBytes: number
  /** New connections per second; more are refused with 429. API Gateway: 500 for the account. */
  readonly connectionsPerSecond: number | null
  /** Frames and posts per second, together; more are refused. API Gateway: 10,000 for the account. */
  readonly requestsPerSecond: number | null
  /** Burst of frames and posts. API Gateway: 5,000. */
  readonly requestBurst: number
  /** Maximum invocations in flight per connection; beyond it, the socket is not read (our choice: bounds a flood). */
  readonly invocationsPerConnection: number
  /**
   * Maximum bytes that wait unsent for one connection. Beyond it, posts answer 429, and a reply that does not fit
   * ends the connection. API Gateway has such a bound but does not document it (our choice).
   */
  readonly sendBufferBytes: number
  /** Silence after which a connection gets a protocol ping; after twice this time it is cut off (our choice). */
  readonly pingIntervalMs: number
  /** Interval of the checks for age and silence, and so the delay of noticing them (our choice). */
  readonly sweepIntervalMs: number
  /** Time limit of a closing handshake before the socket is destroyed (our choice). */
  readonly closeTimeoutMs: number
  /** Concurrent $disconnect invocations; many clients vanish together when a network fails (our choice). */
  readonly disconnectsAtOnce: number
}

/** API Gateway's quotas, and our choices where it documents none. */
export const apiGatewayLimits: GatewayLimits = {
  messageBytes: 32 * 1024,
  postBytes: 128 * 1024,
  idleMs: 10 * 60_000,
  maxAgeMs: 2 * 60 * 60_000,
  integrationTimeoutMs: 29_000,
  deliverTimeoutMs: 30_000,
  authorizerContextBytes: 8 * 1024,
  connectionsPerSecond: 500,
  requestsPerSecond: 10_000,
  requestBurst: 5_000,
  invocationsPerConnection: 100,
  sendBufferBytes: 1024 * 1024,
  pingIntervalMs: 30_000,
  sweepIntervalMs: 1_000,
  closeTimeoutMs: 5_000,
  disconnectsAtOnce: 32,
}
