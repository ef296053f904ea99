/**
 * Every limit of the wire contract, with its unit in its name and its source beside it.
 * A deployment may change each one (README.md, "Settings"); clients learn those in force from `hello`.
 */
export type Limits = { readonly [name in keyof typeof defaultLimits]: number }

export const defaultLimits = {
  /** Largest frame a client may send. API Gateway quota "WebSocket frame size": 32 KB; larger closes with 1009. */
  clientFrameBytes: 32 * 1024,
  /** Largest frame the server sends: below API Gateway's 32 KB frame, with room for nothing else. Ours. */
  serverFrameBytes: 32_000,
  /** `content`, measured as JSON-encoded UTF-8, so that a frame's size can be told from it. Ours. */
  contentBytes: 8 * 1024,
  /** Number of `attributes`. Ours; Amazon IVS Chat has a size only. */
  attributeKeys: 16,
  /** All `attributes` together, measured as JSON-encoded UTF-8. 1 KiB as in Amazon IVS Chat. */
  attributesBytes: 1024,
  /** Messages in a `joined` or `history` page when the client names no `limit`. Ours. */
  historyPage: 100,
  /** Largest `limit` a client may name. Ours. */
  historyPageMax: 500,
  /** Rooms that one connection may be in. Ours. */
  roomsPerConnection: 50,
  /** Open connections of one user. Ours. */
  connectionsPerUser: 20,
  /** Room ids in one `ping`. Ours. */
  roomsPerPing: 10,
  /** How far behind the head a `since` on a write may lie, in entries. Bounds what a retry makes us read. Ours. */
  sinceEntries: 1000,
  /** Entries among which a retry without `since` is recognised. Ours. */
  retryWindowEntries: 100,
} as const

/** Characters of a frame's `id`. */
export const maxFrameIdLength = 64
/** Characters of a `clientMessageId`: a UUID or ULID with room to spare. */
export const maxClientMessageIdLength = 64
/** Characters of an `epoch`; ours are ULIDs of 26. */
export const maxEpochLength = 64

/** Bytes of a value as JSON-encoded UTF-8, which is what travels in a frame. */
export const jsonBytes = (value: unknown): number => encoder.encode(JSON.stringify(value)).byteLength

const encoder = new TextEncoder()
