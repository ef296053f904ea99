/**
 * Limits of the wire contract by name, each with its unit. A deployment may change each one by a `LIMIT_…` variable; `hello`
 * reports those in force.
 */
export type Limits = { readonly [name in keyof typeof defaultLimits]: number }

/** Default limits, each with its source. */
export const defaultLimits = {
  /** Maximum bytes of a client's frame. API Gateway quota "WebSocket frame size": 32 KB; larger ones close with 1009. */
  clientFrameBytes: 32 * 1024,
  /** Maximum bytes of a server's frame, just below API Gateway's frame of 32 KB (our choice). */
  serverFrameBytes: 32_000,
  /** Maximum bytes of `content` as JSON-encoded UTF-8, from which the frame's size follows (our choice). */
  contentBytes: 8 * 1024,
  /** Maximum number of `attributes` (our choice; Amazon IVS Chat limits only their size). */
  attributeKeys: 16,
  /** Maximum bytes of all `attributes` as JSON-encoded UTF-8: 1 KiB as in Amazon IVS Chat. */
  attributesBytes: 1024,
  /** Messages in a `joined` or `history` page without `limit` (our choice). */
  historyPage: 100,
  /** Maximum `limit` of a page (our choice). */
  historyPageMax: 500,
  /** Maximum rooms of a connection (our choice). */
  roomsPerConnection: 50,
  /** Maximum open connections of a user (our choice). */
  connectionsPerUser: 20,
  /** Maximum room ids in a `ping` (our choice). */
  roomsPerPing: 10,
  /** Maximum distance of a write's `since` from the head, in entries. It bounds the reads of a retry (our choice). */
  sinceEntries: 1000,
  /** Number of last entries among which a retry without `since` is recognised (our choice). */
  retryWindowEntries: 100,
} as const

/** Maximum characters of a frame's `id`. */
export const maxFrameIdLength = 64
/** Maximum characters of a `clientMessageId`, enough for a UUID or ULID. */
export const maxClientMessageIdLength = 64
/** Maximum characters of an `epoch`; the service uses ULIDs of 26. */
export const maxEpochLength = 64

/** Returns the bytes of a value as JSON-encoded UTF-8, its form in a frame. */
export const jsonBytes = (value: unknown): number => encoder.encode(JSON.stringify(value)).byteLength

const encoder = new TextEncoder()
