import type { DisconnectFrame, HelloFrame, MessagesFrame } from '../../protocol/server-frames.ts'
import type { ChatClientError } from '../api/errors.ts'
import type { Request } from './requests.ts'

/** Listeners of a connection; each is called synchronously and may stop the connection. */
export type ConnectionEvents = {
  /** An attempt begins. `attempt` is 1 for the first one after a stable connection. */
  readonly connecting: (attempt: number) => void
  /** A new connection is ready for requests. */
  readonly ready: (hello: HelloFrame) => void
  /** The connection was lost; the next attempt begins in `retryInMs`. */
  readonly lost: (retryInMs: number) => void
  /** A second connection is ready to replace the current one, which stays in use until `completeRollover`. */
  readonly rolloverReady: (request: Request) => void
  /** The second connection was lost before it replaced the current one; another attempt follows. */
  readonly rolloverLost: () => void
  /** The second connection has replaced the previous one. */
  readonly rolledOver: (hello: HelloFrame) => void
  /** The connection has stopped permanently. */
  readonly closed: (reason: ChatClientError) => void
  /** Messages were pushed, on the current or the second connection. */
  readonly messages: (frame: MessagesFrame) => void
  /** The server announced the end of the current connection. */
  readonly disconnect: (frame: DisconnectFrame) => void
  /** An error occurred that belongs to no request. */
  readonly error: (error: ChatClientError) => void
}
