/** The gateway's quotas. `null` where a quota may be switched off. */
export type GatewayLimits = {
  /**
   * Largest message that a client may send; a larger one closes its connection with 1009. API Gateway: 32 KB for
   * a frame, and 128 KB for a message of several frames; here the first holds for both.
   */
  readonly messageBytes: number
  /** Largest post and largest reply. API Gateway: 128 KB. */
  readonly postBytes: number
  /** A connection without a text frame either way for so long is closed with 1001. API Gateway: 10 minutes. */
  readonly idleMs: number | null
  /** A connection as old as this is closed with 1001. API Gateway: 2 hours. */
  readonly maxAgeMs: number | null
  /** How long a route's function may take. API Gateway: 29 s. */
  readonly integrationTimeoutMs: number
  /** How long `deliver` may take, its function's timeout on AWS. Ours. */
  readonly deliverTimeoutMs: number
  /** The authorizer's context as JSON. API Gateway: 8 KB. */
  readonly authorizerContextBytes: number
  /** New connections; more are refused with 429. API Gateway: 500 a second for the account. */
  readonly connectionsPerSecond: number | null
  /** Frames and posts together; more are refused. API Gateway: 10,000 a second for the account. */
  readonly requestsPerSecond: number | null
  /** How many requests may come at once. API Gateway: 5,000. */
  readonly requestBurst: number
  /** Invocations of one connection in hand; beyond it its socket is not read. Ours: it bounds what a flood can hold. */
  readonly invocationsPerConnection: number
  /**
   * What may wait unsent for one connection. Beyond it posts answer 429; a reply that finds no room ends the
   * connection. API Gateway has such a bound and does not name it. Ours.
   */
  readonly sendBufferBytes: number
  /** A connection not heard of for so long gets a protocol ping, and is given up after as long again. Ours. */
  readonly pingIntervalMs: number
  /** How often ages and silences are looked at, so how late they may be noticed. Ours. */
  readonly sweepIntervalMs: number
  /** How long a closing handshake may take before the socket is destroyed. Ours. */
  readonly closeTimeoutMs: number
  /** $disconnect invocations at a time: many clients vanish at once when a network does. Ours. */
  readonly disconnectsAtOnce: number
}

/** API Gateway's values. */
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
