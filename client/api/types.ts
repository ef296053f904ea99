import type { closeCodes } from '../../protocol/codes.ts'
import type { ChatClientError } from './errors.ts'
import type { Timers, Timings } from './timing.ts'

/** The part of a WebSocket that the client uses. Those of browsers, Node and the `ws` package fit. */
export type SocketLike = {
  send(data: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

/** Constructor of a WebSocket. */
export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike

/** Options of `makeChatClient`. */
export type ChatClientOptions = {
  /** Address of the WebSocket API, such as `wss://chat.example.org/live`. */
  readonly url: string
  /**
   * Returns the token, a JWT. The client calls it at each attempt to connect; `attempt` is 1 for the first. After the
   * server refused a token, the client asks once more. If the function rejects, the attempt fails and another follows.
   */
  readonly getToken?: (attempt: number) => string | Promise<string>
  /** User id in open mode, in which clients choose their own; for development only. */
  readonly userId?: string
  /** Display name beside `userId`; in open mode only. */
  readonly name?: string
  /** Endpoint that tells why a connection was refused. Default: `/auth-check` on the host of `url`. */
  readonly authCheckUrl?: string
  /** Changes to `defaultTimings`. */
  readonly timings?: Partial<Timings>
  /** WebSocket constructor, for Node below 22 and for tests. Default: the runtime's. */
  readonly WebSocket?: SocketConstructor
  /** Replacement of `fetch`, for tests. */
  readonly fetch?: typeof globalThis.fetch
  /** Replacement of the clock and timers, for tests. */
  readonly timers?: Timers
  /** Replacement of `Math.random`, for tests. */
  readonly random?: () => number
}

/** The server's statement about a connection. */
export type Welcome = {
  readonly connectionId: string
  readonly userId: string
  readonly roles: readonly string[]
  /** Limits in force, by their names in the protocol. */
  readonly limits: Readonly<Record<string, number>>
}

/** Part of a room's history. Without `before` and `after`: the newest messages. */
export type HistoryQuery = {
  /** Returns messages with a lower seq, the nearest ones. */
  readonly before?: number
  /** Returns messages with a higher seq, the nearest ones. */
  readonly after?: number
  /** Maximum number of messages, within the server's limit; `more` tells whether others exist. */
  readonly limit?: number
}

/** Options of `send`. */
export type SendOptions = {
  /** At most 16 keys, and 1 KiB in all. */
  readonly attributes?: Readonly<Record<string, string>>
  /**
   * Id of the message, by which it is recognised in the room and sent again. Default: a new id. After an error that
   * leaves open whether the message was stored (see `ChatClientErrorCode`), only the same id prevents a second copy.
   */
  readonly clientMessageId?: string
  /**
   * `since` of a message that another client left unsent, such as the page before it was reloaded. Pass it together
   * with that message's `clientMessageId`. The message is then stored once, or rejected with `stale_cursor` if the
   * server can no longer tell whether it was stored.
   */
  readonly since?: Cursor
}

/**
 * A message of a room. All types of the client's API are written out, so that they do not depend on the schema library.
 * The compiler compares them with the schemas wherever a frame becomes one of them.
 */
export type ChatMessage = {
  /** Place in the room: 1, 2, 3, … within an epoch. */
  readonly seq: number
  readonly kind: 'text'
  readonly messageId: string
  /** Id that the sender chose. */
  readonly clientMessageId?: string
  readonly sender: { readonly userId: string; readonly name?: string }
  readonly content: string
  readonly attributes?: Readonly<Record<string, string>>
  /** Time of storing: ISO 8601, UTC, by the server's clock. */
  readonly sentAt: string
}

/** A position in a room: an epoch and a seq in it; null and 0 while the room has no message. */
export type Cursor = { readonly epoch: string | null; readonly seq: number }

/** Consecutive messages of a room. */
export type RoomPage = {
  readonly roomId: string
  /** Epoch of the messages; null while the room has none. */
  readonly epoch: string | null
  /** Messages in ascending order, without gaps. */
  readonly messages: readonly ChatMessage[]
  /** Lowest seq that still exists. */
  readonly floor: number
  /** True if more messages exist in the requested direction; by default, older ones. */
  readonly more: boolean
}

/** The newest messages of a room, after a gap of messages that no longer exist or cannot be fetched. */
export type RoomReset = RoomPage & {
  /** Always false, as in the protocol: messages after `since` are missing from this page. */
  readonly recovered: false
  /** Cursor of the last message delivered before, in an epoch that may be over. */
  readonly since: Cursor
}

/** The server's acknowledgement of a stored message. */
export type Sent = {
  readonly roomId: string
  readonly epoch: string
  readonly seq: number
  readonly messageId: string
  readonly clientMessageId: string
  /** ISO 8601, UTC, by the server's clock. */
  readonly sentAt: string
  /** Present if an earlier try had stored the message. */
  readonly duplicate?: true
}

/** A message that is neither stored nor refused, as far as the client knows. */
export type UnsentMessage = {
  readonly roomId: string
  readonly clientMessageId: string
  readonly content: string
  readonly attributes?: Readonly<Record<string, string>>
  /** Time of the call of `send`: ISO 8601, UTC, by the clock of this device. */
  readonly queuedAt: string
  /** Cursor of the first try, if there was one. Pass it to a later `send` (`SendOptions.since`) to avoid a second copy. */
  readonly since?: Cursor
  /** True if the message was sent and may be stored. */
  readonly inDoubt: boolean
}

/**
 * State of a client's connection:
 *
 * - `connecting`: an attempt is being made; `attempt` is 1 for the first in a row
 * - `resuming`: connected again, fetching messages that were missed
 * - `open`: connected and up to date
 * - `offline`: not connected; the next attempt begins in `retryInMs`
 * - `closed`: permanently; `reason.code` is `closed` after a call of `close()`
 */
export type ConnectionState =
  | { readonly status: 'connecting'; readonly attempt: number }
  | { readonly status: 'resuming' }
  | { readonly status: 'open' }
  | { readonly status: 'offline'; readonly retryInMs: number }
  | { readonly status: 'closed'; readonly reason: ChatClientError }

/** The server's announcement that it will end the connection. */
export type Disconnection = {
  readonly code: (typeof closeCodes)[keyof typeof closeCodes]
  readonly reason: string
  /** True if connecting again makes sense. */
  readonly reconnect: boolean
}

/** Events of a client, by name. */
export type ChatClientEvents = {
  /** A message arrived, the client's own included: in order within room and epoch, without gaps or repeats. */
  readonly message: { readonly roomId: string; readonly epoch: string; readonly message: ChatMessage }
  /** A room is complete again after a lost connection; `missed` messages were delivered meanwhile. */
  readonly recovered: { readonly roomId: string; readonly missed: number }
  /**
   * Messages were missed that cannot be fetched. Show this page in place of all earlier messages of the room; `message`
   * events continue after it. The event comes once per gap, instead of `recovered`.
   */
  readonly reset: RoomReset
  /** The client lost its membership of a room without asking. Its unsent messages there were rejected. */
  readonly left: { readonly roomId: string; readonly error: ChatClientError }
  /** The list that `unsent()` returns for this room has changed. Also comes before a message is first sent. */
  readonly unsent: { readonly roomId: string }
  /** The state of the connection has changed. */
  readonly state: ConnectionState
  /** The server announced the end of the connection. With `reconnect`, the client reconnects by itself. */
  readonly disconnect: Disconnection
  /** An error that belongs to no request, for a log. The client continues. */
  readonly error: ChatClientError
}
