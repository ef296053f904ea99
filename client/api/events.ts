import type { closeCodes } from '../../protocol/codes.ts'
import type { ChatClientError } from './errors.ts'
import type { ChatMessage, RoomReset } from './messages.ts'

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
