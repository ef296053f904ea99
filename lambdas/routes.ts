import type { Action } from '../protocol/client-frames.ts'

/** Names of the functions: each is the file in this folder that holds its handler. */
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

export type FunctionName = (typeof functionNames)[number]

/** A route's function, and whether what it returns is sent to the client (a route response in API Gateway). */
export type Route = {
  readonly function: 'connect' | 'disconnect' | 'send-message' | 'room-actions' | 'default'
  readonly returnsResponse: boolean
}

/** The route table of the WebSocket API: what CDK deploys and what the gateway serves. Selected by `$request.body.action`. */
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
