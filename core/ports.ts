import type { Head } from '../protocol/server-frames.ts'
import type { Appended, Draft, Entry, Sender } from './domain/entry.ts'
import type { Connection, Identity, Member } from './domain/identity.ts'
import type { Job, LaneRecord } from './domain/job.ts'
import type { Lane } from './domain/lanes.ts'
import type { Counter, Duration } from './domain/metrics.ts'
import type { SlotRange } from './domain/slots.ts'

// What the core needs from outside. Adapters are named after the port and say only how they differ.
//
// Every port but LaneConsumer may throw ChatError `unavailable` where its store or broker is out of reach or
// overloaded: the caller does not know then whether the operation took effect.

/** Which part of a room's history to read. Neither `after` nor `before`: the newest entries. Never both. */
export type PageRequest = {
  readonly roomId: string
  /** Epoch that `after` or `before` belongs to; if it is not the room's, the page has no entries. */
  readonly epoch?: string
  /** Entries with a higher seq, the lowest first to be taken. */
  readonly after?: number
  /** Entries with a lower seq, the highest first to be taken. */
  readonly before?: number
  /** Most entries to return. */
  readonly limit: number
  /**
   * Once the entries taken hold this many bytes as JSON, no more are read: a bound on work, so the page may
   * hold somewhat more. At least one entry is returned where there is one.
   */
  readonly maxBytes?: number
}

export type Page = {
  /** The room's present epoch; null while it has no message. */
  readonly epoch: string | null
  /** seq of the room's last entry, 0 while it has none. */
  readonly seq: number
  /** Lowest seq that still exists, 1 while there is none. */
  readonly floor: number
  /** Ascending and contiguous, whatever way they were read. */
  readonly entries: readonly Entry[]
  /** Whether there are further entries in the direction that was read. */
  readonly more: boolean
}

/** The room as a log: what was appended, in the one order that every member ends up with. */
export type MessageLog = {
  /**
   * Stores a draft at the room's next seq, durably, before it resolves. seq runs 1, 2, 3, … in an epoch with no
   * hole and no repeat, whoever else appends at the same time. A draft whose (sender.userId, clientMessageId) is
   * already in the log after `since`, or without `since` among the last `Limits.retryWindowEntries`, is not stored
   * again: the entry that is there comes back with `duplicate: true`. Drafts of one process for one room are stored
   * in the order of the calls.
   *
   * @throws ChatError `stale_cursor` when `since` names another epoch, lies more than `Limits.sinceEntries` behind
   * the head, or beyond it: nothing was stored, unless an earlier try of the draft was found all the same
   * @throws ChatError `unavailable`: it may or may not have been stored; the same draft may be tried again
   */
  readonly append: (draft: Draft) => Promise<Appended>
  /** The last entry's place, null and 0 while there is none. Reads consistently, at the cost of one small read. */
  readonly head: (roomId: string) => Promise<Head>
  /** Reads consistently: whatever was appended before the call is seen. Expired entries are as good as gone. */
  readonly read: (page: PageRequest) => Promise<Page>
}

/** Who is connected where. Expired rows are never returned. */
export type RoomDirectory = {
  /**
   * Makes a connection a member, or renews its row. False, and no row left behind, if the connection is known
   * to have disconnected: its $disconnect has overtaken this join.
   */
  readonly join: (member: Member) => Promise<boolean>
  /**
   * Puts off the expiry of a row that is there; false, and no row made, if there is none (any more): a leave that
   * came meanwhile stands.
   */
  readonly renew: (roomId: string, connectionId: string, expiresAtMs: number) => Promise<boolean>
  /** Takes a connection out of a room; no error if it was not in it. */
  readonly leave: (roomId: string, connectionId: string) => Promise<void>
  /** Reads consistently. */
  readonly find: (roomId: string, connectionId: string) => Promise<Member | undefined>
  /**
   * The members of a room, or those of them in a range of slots, page by page, read consistently: each connection
   * once, in the order of the slots. A page is read when it is asked for.
   */
  readonly members: (roomId: string, slots?: SlotRange) => AsyncIterable<readonly Member[]>
  /** The rooms of a connection, from an index that may lag behind `join` and `leave`. */
  readonly roomsOf: (userId: string, connectionId: string) => Promise<readonly string[]>
  /** Marks a connection as gone for good, for a `join` that is still under way. */
  readonly markGone: (connectionId: string) => Promise<void>
}

/**
 * Hands jobs to the lanes. Jobs of one process for the same members, those of a room or of a part of it, reach their
 * lane in the order of the calls.
 */
export type RoomPublisher = {
  /** Resolves if a publish can be expected to succeed; asked before a message is stored. @throws ChatError `unavailable` */
  readonly ready: () => Promise<void>
  /**
   * Resolves once the broker has confirmed that the job is stored in its lane: delivered at least once from then on.
   *
   * @param options.delayMs the job reaches its lane this much later, or the next longer delay that the topology has
   * @throws ChatError `unavailable`: not confirmed; it may or may not be in the lane
   */
  readonly publish: (job: Job, options?: { readonly delayMs?: number }) => Promise<void>
  /** Puts a record that nobody can handle where an operator finds it, with the reason. @throws ChatError `unavailable` */
  readonly deadLetter: (body: string, reason: string) => Promise<void>
}

export type Subscription = {
  /** Takes no further batch; resolves when the batch in hand is done. What was not handed over stays in the lane. */
  readonly stop: () => Promise<void>
}

/**
 * Reads a lane in its order, one batch at a time, as Lambda's event source does. Among all subscribers to a lane
 * one is active at a time, and another takes over when it goes.
 */
export type LaneConsumer = {
  /**
   * @param onBatch resolves: the records are done. Rejects: that is logged, and after a pause that grows from time to
   * time the whole batch comes again, `redelivered`, before any later record.
   */
  readonly subscribe: (
    lane: Lane,
    onBatch: (records: readonly LaneRecord[]) => Promise<void>,
    options: { readonly batchSize: number },
  ) => Promise<Subscription>
}

/**
 * - `sent`: handed to the connection, which says nothing about the client having read it
 * - `gone`: no such connection (any more)
 * - `throttled`: the account's rate, or a client that reads too slowly; later it may succeed
 * - `failed`: anything else that may pass, such as a node that does not answer
 */
export type PostOutcome = 'sent' | 'gone' | 'throttled' | 'failed'

/** Posts to connections, wherever they are held. What can go wrong in a post is a value; nothing is thrown for it. */
export type FramePoster = {
  readonly post: (connection: Connection, frame: string) => Promise<PostOutcome>
  /** Closes a connection; no error if it is gone. A reason can only be told in a frame posted before. */
  readonly close: (connection: Connection) => Promise<PostOutcome>
}

/**
 * Judges what is about to be stored, and returns the content to store, which may be changed.
 *
 * @throws ChatError `rejected`: the message is not stored
 */
export type Moderator = (draft: {
  readonly roomId: string
  readonly sender: Sender
  readonly content: string
}) => Promise<string>

/** Tells whom a token speaks for. @throws ChatError `unauthorized` for a token that is not valid, for whatever reason */
export type TokenVerifier = (token: string) => Promise<Identity>

/** Now, in ms since 1970. */
export type Clock = () => number

/** A new ULID: unique, and sorted by time across processes to the ms. */
export type IdSource = () => string

type Fields = Readonly<Record<string, unknown>>

/** Logs and metrics. Never a token, never a message's content. */
export type Telemetry = {
  readonly info: (message: string, fields?: Fields) => void
  readonly warn: (message: string, fields?: Fields) => void
  /** For defects and outages; `error` is logged with its chain of causes. */
  readonly error: (message: string, error: unknown, fields?: Fields) => void
  /** Adds to a counter. */
  readonly count: (metric: Counter, value?: number) => void
  /** Adds a value to those of which percentiles are told. */
  readonly measure: (metric: Duration, ms: number) => void
}
