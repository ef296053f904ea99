import { type ErrorCode, errorCodes } from './codes.ts'
import type { ErrorFrame } from './server-frames.ts'

type Options = { readonly cause?: unknown; readonly retryAfterMs?: number }

/**
 * A client's fault or a passing limit, which the client sees. Every other error is a defect or an outage: it is logged with
 * its cause and reaches the client as `internal` only.
 */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined

  /** Creates an error. @param message text for the client: what is wrong and what to do */
  constructor(code: ErrorCode, message: string, { cause, retryAfterMs }: Options = {}) {
    super(message, { cause })
    this.code = code
    this.retryAfterMs = retryAfterMs
  }

  get status(): number {
    return errorCodes[this.code].status
  }
}

/** Creates the `error` frame of a failed request. @param id the request's id, if it had a valid one */
export const errorFrame = (error: ChatError, id: string | undefined): ErrorFrame => ({
  type: 'error',
  ...(id !== undefined && { id }),
  code: error.code,
  status: error.status,
  message: error.message,
  temporary: errorCodes[error.code].temporary,
  ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
})
