import { type ErrorCode, errorCodes } from './codes.ts'
import type { ErrorFrame } from './server-frames.ts'

type Options = { readonly cause?: unknown; readonly retryAfterMs?: number }

/**
 * A client's fault, or a passing limit: what the client is told. Every other error is a defect or an
 * outage; it is logged with its cause and reaches the client as `internal` only.
 */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined

  /** @param message says what is wrong and what to do, and is shown to the client. */
  constructor(code: ErrorCode, message: string, { cause, retryAfterMs }: Options = {}) {
    super(message, { cause })
    this.code = code
    this.retryAfterMs = retryAfterMs
  }

  get status(): number {
    return errorCodes[this.code].status
  }
}

/** The `error` frame for a failed request; `id` is the request's, when it had a usable one. */
export const errorFrame = (error: ChatError, id: string | undefined): ErrorFrame => ({
  type: 'error',
  ...(id !== undefined && { id }),
  code: error.code,
  status: error.status,
  message: error.message,
  temporary: errorCodes[error.code].temporary,
  ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
})
