/** Codes of `error` frames, with HTTP status and whether the same frame may be sent again later. */
export const errorCodes = {
  bad_request: { status: 400, temporary: false },
  unknown_action: { status: 400, temporary: false },
  unauthorized: { status: 401, temporary: false },
  forbidden: { status: 403, temporary: false },
  muted: { status: 403, temporary: false },
  not_a_member: { status: 403, temporary: false },
  not_found: { status: 404, temporary: false },
  rejected: { status: 406, temporary: false },
  stale_cursor: { status: 409, temporary: false },
  too_large: { status: 413, temporary: false },
  rate_limited: { status: 429, temporary: true },
  internal: { status: 500, temporary: false },
  unavailable: { status: 503, temporary: true },
} as const satisfies Record<string, { status: number; temporary: boolean }>

/** Code of an `error` frame. */
export type ErrorCode = keyof typeof errorCodes

/**
 * Codes of `disconnect` frames. They travel in a frame, because API Gateway's DeleteConnection supports neither code nor
 * reason: the socket itself closes with 1000.
 */
export const closeCodes = {
  tokenExpired: 4401,
  kicked: 4403,
  idle: 4408,
  maxAge: 4409,
  slowConsumer: 4429,
  goingAway: 4503,
} as const

/** Subprotocol that a client offers and the server echoes. */
export const subprotocol = 'simple-chat.v1'
/** Prefix of the second offered subprotocol, which carries the token and is never echoed. */
export const tokenSubprotocolPrefix = 'token.'
