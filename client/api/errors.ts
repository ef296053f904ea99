import type { ErrorCode } from '../../protocol/codes.ts'

/**
 * Code of an error: one of the protocol, as the server sent it, or one of the client's own:
 *
 * - `disconnected`: there is no connection, or it was lost before a reply arrived
 * - `timeout`: no reply arrived in time
 * - `left`: the room was left, or never joined
 * - `closed`: the client was closed permanently
 *
 * After these four, and after the server's `internal`, the request may still have taken effect. Send such a message again
 * with the same `clientMessageId`, never as a new one.
 */
export type ChatClientErrorCode = ErrorCode | 'disconnected' | 'timeout' | 'left' | 'closed'

type Options = {
  readonly status?: number | undefined
  readonly temporary?: boolean
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** Error with which every method of the client rejects, and which `error` events carry. */
export class ChatClientError extends Error {
  override readonly name = 'ChatClientError'
  /** Machine-readable reason. */
  readonly code: ChatClientErrorCode
  /** HTTP status or close code, if the server sent one. */
  readonly status: number | undefined
  /** True if the same request may succeed later. */
  readonly temporary: boolean
  /** Time to wait before a retry, in ms, if the server sent one. */
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
