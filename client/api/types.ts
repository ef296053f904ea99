import type { closeCodes } from '../../protocol/codes.ts'
import type { ChatClientError } from './errors.ts'

/**
 * A message of a room. Written out, as all types of the client's API are, so that they stand without the schema
 * library: the compiler holds them against the schemas wherever a frame becomes one of them.
 */
export type ChatMessage = {
  /** Its place in the room: within an epoch 1, 2, 3, … */
  readonly seq: number
  readonly kind: 'text'
  readonly messageId: string
  /** The id that its sender chose. */
  readonly clientMessageId?: string
  readonly sender: { readonly userId: string; readonly name?: string }
  readonly content: string
  readonly attributes?: Readonly<Record<string, string>>
  /** ISO 8601, UTC, by the server's clock. */
  readonly sentAt: string
}

/** How far somebody has come in a room: its epoch, null while it has no message, and a seq in it, 0 then. */
export type Cursor = { readonly epoch: string | null; readonly seq: number }

/** Messages of a room that follow one another. */
export type RoomPage = {
  readonly roomId: string
  /** Null while the room has no message. */
  readonly epoch: string | null
  /** Ascending, without a hole. */
  readonly messages: readonly ChatMessage[]
  /** Lowest seq that still exists. */
  readonly floor: number
  /** Whether there are others, in the direction that was asked for: without one, older ones. */
  readonly more: boolean
}

/** The newest messages of a room, after others that were missed and are not to be had any more. */
export type RoomReset = RoomPage & {
  /** In the words of the protocol: not everything after `since` is in this page. */
  readonly recovered: false
  /** The last message that was handed over before, in an epoch that may be over. */
  readonly since: Cursor
}

/** What the server said of a message that it has stored. */
export type Sent = {
  readonly roomId: string
  readonly epoch: string
  readonly seq: number
  readonly messageId: string
  readonly clientMessageId: string
  /** ISO 8601, UTC, by the server's clock. */
  readonly sentAt: string
  /** It was stored at an earlier try. */
  readonly duplicate?: true
}

/** A message that is neither stored nor refused, as far as this client knows. */
export type UnsentMessage = {
  readonly roomId: string
  readonly clientMessageId: string
  readonly content: string
  readonly attributes?: Readonly<Record<string, string>>
  /** When `send` was called: ISO 8601, UTC, by the clock of this device. */
  readonly queuedAt: string
  /** There once it was first tried. Whoever sends it again gives it back (`SendOptions.since`): so it is stored once. */
  readonly since?: Cursor
  /** It was sent, and may be stored. */
  readonly inDoubt: boolean
}

/**
 * - `connecting`: an attempt is being made, `attempt` 1 being the first in a row
 * - `resuming`: connected again, and fetching what the rooms have missed
 * - `open`: connected, and up to date
 * - `offline`: not connected; the next attempt begins in `retryInMs`
 * - `closed`: for good; `reason.code` is `closed` if it was `close()`
 */
export type ConnectionState =
  | { readonly status: 'connecting'; readonly attempt: number }
  | { readonly status: 'resuming' }
  | { readonly status: 'open' }
  | { readonly status: 'offline'; readonly retryInMs: number }
  | { readonly status: 'closed'; readonly reason: ChatClientError }

/** The server's announcement that it is about to end the connection. */
export type Disconnection = {
  readonly code: (typeof closeCodes)[keyof typeof closeCodes]
  readonly reason: string
  /** Whether coming back makes sense. */
  readonly reconnect: boolean
}

export type ChatClientEvents = {
  /** A message, one's own as well. In a room and an epoch: in order, without hole or repeat, after the joined page. */
  readonly message: { readonly roomId: string; readonly epoch: string; readonly message: ChatMessage }
  /** After a connection was lost, the room is complete again; `missed` messages were handed over on the way. */
  readonly recovered: { readonly roomId: string; readonly missed: number }
  /**
   * Messages were missed that are not to be had any more: show this page in the place of all earlier messages of the
   * room; `message` events carry on where it ends. Comes once for each gap, and whenever the server said
   * `recovered: false`; there is no `recovered` event then.
   */
  readonly reset: RoomReset
  /** This client is out of a room, without having asked. Its messages on their way were rejected. */
  readonly left: { readonly roomId: string; readonly error: ChatClientError }
  /** What `unsent()` returns for this room is another list now. Comes before a message is first sent, too. */
  readonly unsent: { readonly roomId: string }
  readonly state: ConnectionState
  /** The server announces that it ends the connection. With `reconnect` the client comes back by itself. */
  readonly disconnect: Disconnection
  /** What went wrong and is no request's: for a log. The client carries on. */
  readonly error: ChatClientError
}
