import type { ErrorCode } from '../../protocol/codes.ts'

import { closeCodes } from '../../protocol/codes.ts'
import type { DisconnectFrame, ErrorFrame } from '../../protocol/server-frames.ts'

/**
 * A code of the protocol, as the server sent it, or one of the client's own:
 *
 * - `disconnected`: the connection was lost, or there is none, before a reply came
 * - `timeout`: no reply came in time
 * - `left`: the room was left, or never joined
 * - `closed`: the client was closed for good
 *
 * After `disconnected`, `timeout`, `left` and `closed` the request may have taken effect all the same; after the
 * server's `internal` as well, since it may have failed when the message was stored already. A message is sent again
 * with the same `clientMessageId` then, never as a new one.
 */
export type ChatClientErrorCode = ErrorCode | 'disconnected' | 'timeout' | 'left' | 'closed'

type Options = {
  readonly status?: number | undefined
  readonly temporary?: boolean
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** Every error that this client rejects with or reports. */
export class ChatClientError extends Error {
  override readonly name = 'ChatClientError'
  readonly code: ChatClientErrorCode
  /** HTTP's number, where the server gave one. */
  readonly status: number | undefined
  /** Whether the same request may succeed later. */
  readonly temporary: boolean
  /** ms to wait before that, where the server knows. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: ChatClientErrorCode,
    message: string,
    { status, temporary = false, retryAfterMs, cause }: Options = {},
  ) {
    super(message, { cause })
    this.code = code
    this.status = status
    this.temporary = temporary
    this.retryAfterMs = retryAfterMs
  }
}

/** The error that an `error` frame reports. */
export const errorOfFrame = ({
  code,
  message,
  status,
  temporary,
  retryAfterMs,
}: ErrorFrame): ChatClientError => new ChatClientError(code, message, { status, temporary, retryAfterMs })

/** What a request fails with whose connection has ended. */
export const connectionLost = (): ChatClientError =>
  new ChatClientError('disconnected', 'The connection was lost.', { temporary: true })

/** What ends with a connection that the server takes back: `disconnected` where it may be replaced by another one. */
export const errorOfDisconnect = ({ code, reason, reconnect }: DisconnectFrame): ChatClientError =>
  reconnect
    ? new ChatClientError('disconnected', `The server asks to connect again: ${reason}.`, { temporary: true })
    : new ChatClientError(closingCodes[code] ?? 'closed', `The server ended the connection: ${reason}.`, {
        status: code,
      })

/** What a `disconnect` for good is called among the errors. */
const closingCodes: Readonly<Record<number, 'unauthorized' | 'forbidden' | 'rate_limited'>> = {
  [closeCodes.tokenExpired]: 'unauthorized',
  [closeCodes.kicked]: 'forbidden',
  [closeCodes.slowConsumer]: 'rate_limited',
}
