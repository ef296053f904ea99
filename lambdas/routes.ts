import type { Action } from '../protocol/client-frames.ts'

/** Names of the functions, and of their files in handlers/ and entries/. */
export const functionNames = [
  'authorize',
  'auth-check',
  'connect',
  'disconnect',
  'send-message',
  'room-actions',
  'default',
  'deliver',
  'publish',
  'declare-topology',
  'dead-letters',
  'delete-reader',
] as const

/** Name of a function. */
export type FunctionName = (typeof functionNames)[number]

/** A route of the WebSocket API. */
export type Route = {
  /** Function that handles the route. */
  readonly function: 'connect' | 'disconnect' | 'send-message' | 'room-actions' | 'default'
  /** True if the returned body is sent to the client (a route response in API Gateway). */
  readonly returnsResponse: boolean
}

/**
 * Message of the error that `authorize` throws to refuse a token. Only this one becomes a 401 in API Gateway (developer
 * guide, Lambda REQUEST authorizers).
 */
export const unauthorizedMessage = 'Unauthorized'

/** Route table of the WebSocket API, for CDK and the gateway. Routes are selected by `$request.body.action`. */
export const routes = {
  $connect: { function: 'connect', returnsResponse: true },
  $disconnect: { function: 'disconnect', returnsResponse: false },
  $default: { function: 'default', returnsResponse: true },
  sendMessage: { function: 'send-message', returnsResponse: true },
  joinRoom: { function: 'room-actions', returnsResponse: true },
  leaveRoom: { function: 'room-actions', returnsResponse: true },
  getHistory: { function: 'room-actions', returnsResponse: true },
  hello: { function: 'room-actions', returnsResponse: true },
  ping: { function: 'room-actions', returnsResponse: true },
} as const satisfies Record<'$connect' | '$disconnect' | '$default' | Action, Route>
