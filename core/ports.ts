import type { Head } from '../protocol/server-frames.ts'
import type { Appended, Draft, Entry, Sender } from './domain/entry.ts'
import type { Connection, Identity, Member } from './domain/identity.ts'
import type { Job, LaneRecord } from './domain/job.ts'
import type { Lane } from './domain/lanes.ts'
import type { Counter, Duration } from './domain/metrics.ts'
import type { SlotRange } from './domain/slots.ts'

// Ports: everything that the core needs from outside. Adapters are named after their port and document only differences.
//
// Every port except LaneConsumer may throw ChatError `unavailable` if its store or broker is out of reach or overloaded.
// The caller does not know then whether the operation took effect.

/** Part of a room's history to read. Without `after` and `before`: the newest entries. Both together are not allowed. */
export type PageRequest = {
  readonly roomId: string
  /** Epoch of `after` or `before`. If it is not the room's current one, the page has no entries. */
  readonly epoch?: string
  /** Selects entries with a higher seq, the nearest ones. */
  readonly after?: number
  /** Selects entries with a lower seq, the nearest ones. */
  readonly before?: number
  /** Maximum number of entries. */
  readonly limit: number
  /**
   * Bytes of entries as JSON after which no more are read. It bounds the work, so a page may exceed it slightly. At least one
   * entry is returned if one exists.
   */
  readonly maxBytes?: number
}

/** A page of a room's history. */
export type Page = {
  /** The room's current epoch; null while it has no message. */
  readonly epoch: string | null
  /** The seq of the room's last entry; 0 while it has none. */
  readonly seq: number
  /** Lowest seq that still exists; 1 while there is none. */
  readonly floor: number
  /** Entries in ascending order without gaps, for every direction of reading. */
  readonly entries: readonly Entry[]
  /** True if further entries exist in the direction of reading. */
  readonly more: boolean
}

/** A room as a log: its entries in the order in which every member ends up. */
export type MessageLog = {
  /**
   * Stores a draft durably at the room's next seq. In an epoch, seq runs 1, 2, 3, … without gaps and repeats. This holds
   * for any number of concurrent writers. Drafts of one process for one room are stored in the order of the calls.
   *
   * A draft is recognised by (sender.userId, clientMessageId) among the entries after `since`, or without `since` among the
   * last `Limits.retryWindowEntries`. Then it is not stored again: the existing entry is returned with `duplicate: true`.
   *
   * @throws ChatError `stale_cursor` if `since` names another epoch, lies beyond the head, or more than
   * `Limits.sinceEntries` behind it; nothing was stored
   * @throws ChatError `unavailable`: the draft may have been stored; try the same draft again
   */
  readonly append: (draft: Draft) => Promise<Appended>
  /** Returns the cursor of the last entry; null and 0 while there is none. One small, consistent read. */
  readonly head: (roomId: string) => Promise<Head>
  /** Reads a page consistently: entries appended before the call are seen, expired ones are not. */
  readonly read: (page: PageRequest) => Promise<Page>
}

/** Memberships of connections in rooms. Expired rows are never returned. */
export type RoomDirectory = {
  /**
   * Makes a connection a member, or renews its row. Returns false and leaves no row if the connection is known to be gone,
   * because its $disconnect has overtaken this join.
   */
  readonly join: (member: Member) => Promise<boolean>
  /**
   * Postpones the expiry of an existing row. Returns false and creates no row if there is none, so that a concurrent leave
   * stays in effect.
   */
  readonly renew: (roomId: string, connectionId: string, expiresAtMs: number) => Promise<boolean>
  /** Removes a connection from a room; no error if it was not a member. */
  readonly leave: (roomId: string, connectionId: string) => Promise<void>
  /** Reads a membership consistently. */
  readonly find: (roomId: string, connectionId: string) => Promise<Member | undefined>
  /**
   * Reads the members of a room, or of a range of its slots, page by page and consistently. Each connection appears once, in the
   * order of slots. A page is read on demand.
   */
  readonly members: (roomId: string, slots?: SlotRange) => AsyncIterable<readonly Member[]>
  /** Lists the rooms of a connection, from an index that may lag behind `join` and `leave`. */
  readonly roomsOf: (userId: string, connectionId: string) => Promise<readonly string[]>
  /** Writes a tombstone: the connection is gone permanently. It stops a `join` that is still in flight. */
  readonly markGone: (connectionId: string) => Promise<void>
}

/**
 * Publishes jobs to the lanes. Jobs of one process for the same audience reach their lane in the order of the calls.
 */
export type RoomPublisher = {
  /** Checks, before a message is stored, that a publish can be expected to succeed. @throws ChatError `unavailable` */
  readonly ready: () => Promise<void>
  /**
   * Publishes a job. Resolves once the broker has confirmed it; from then on it is delivered at least once.
   *
   * @param options.delayMs delay until the job reaches its lane, rounded up to a delay of the topology
   * @throws ChatError `unavailable`: not confirmed; the job may be in the lane
   */
  readonly publish: (job: Job, options?: { readonly delayMs?: number }) => Promise<void>
  /** Moves a record to the dead letters, with a reason for the operator. @throws ChatError `unavailable` */
  readonly deadLetter: (body: string, reason: string) => Promise<void>
}

/** A subscription to a lane. */
export type Subscription = {
  /** Takes no further batch; resolves when the batch in flight is done. Other records stay in the lane. */
  readonly stop: () => Promise<void>
}

/**
 * Reads a lane in order, one batch at a time, as Lambda's event source does. One subscriber of a lane is active at a time;
 * another takes over when it ends.
 */
export type LaneConsumer = {
  /**
   * Subscribes to a lane.
   *
   * @param onBatch processes a batch. If it rejects, the consumer logs the error, waits with growing pauses, and delivers
   * the whole batch again, `redelivered`, before any later record.
   */
  readonly subscribe: (
    lane: Lane,
    onBatch: (records: readonly LaneRecord[]) => Promise<void>,
    options: { readonly batchSize: number },
  ) => Promise<Subscription>
}

/**
 * Outcome of a post:
 *
 * - `sent`: passed to the connection; the client may not have read it
 * - `gone`: the connection does not exist
 * - `throttled`: the account's rate is exceeded, or the client is a slow consumer; a retry may succeed
 * - `failed`: any other temporary failure, such as a node that does not answer
 */
export type PostOutcome = 'sent' | 'gone' | 'throttled' | 'failed'

/** Posts to connections on any node. Failures of a post are values; none is thrown. */
export type FramePoster = {
  /** Posts a frame to a connection. */
  readonly post: (connection: Connection, frame: string) => Promise<PostOutcome>
  /** Closes a connection; no error if it is gone. To give a reason, post a frame before. */
  readonly close: (connection: Connection) => Promise<PostOutcome>
}

/**
 * Reviews a message before it is stored, and returns the content to store, which may differ.
 *
 * @throws ChatError `rejected` if the message must not be stored
 */
export type Moderator = (draft: {
  readonly roomId: string
  readonly sender: Sender
  readonly content: string
}) => Promise<string>

/** Verifies a token and returns its identity. @throws ChatError `unauthorized` for an invalid token */
export type TokenVerifier = (token: string) => Promise<Identity>

/** Returns the current time in ms since 1970. */
export type Clock = () => number

/** Returns a new ULID: unique, and sorted by time across processes to the ms. */
export type IdSource = () => string

type Fields = Readonly<Record<string, unknown>>

/** Logs and metrics. They never contain a token or the content of a message. */
export type Telemetry = {
  /** Logs a normal event. */
  readonly info: (message: string, fields?: Fields) => void
  /** Logs an event that an operator may want to see. */
  readonly warn: (message: string, fields?: Fields) => void
  /** Logs a defect or an outage; `error` appears with its chain of causes. */
  readonly error: (message: string, error: unknown, fields?: Fields) => void
  /** Adds to a counter. */
  readonly count: (metric: Counter, value?: number) => void
  /** Adds a value to a distribution. */
  readonly measure: (metric: Duration, ms: number) => void
}
