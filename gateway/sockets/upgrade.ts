import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock, Telemetry } from '../../core/ports.ts'
import { unauthorizedMessage } from '../../lambdas/routes.ts'
import { InvocationTimeout, type Invoke } from '../lambda/invoke.ts'
import type { Faults } from '../settings/faults.ts'
import type { GatewayLimits } from '../settings/limits.ts'
import { type AuthorizerContext, readAuthorization } from './authorization.ts'
import { type GatewayConnection, makeConnection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { Disconnects } from './disconnects.ts'
import type { Arrival, Events } from './events.ts'
import {
  type AllowedOrigins,
  arrivalOf,
  checkHandshake,
  offeredProtocols,
  originAllowed,
  originRefusal,
} from './handshake.ts'
import { makeRateLimit } from './rate-limit.ts'
import { type Refusal, refusal, refuse } from './refusal.ts'

type Deps = {
  readonly invoke: Invoke
  readonly events: Events
  readonly connections: Connections
  readonly disconnects: Disconnects
  readonly faults: Faults
  readonly limits: GatewayLimits
  readonly allowedOrigins: AllowedOrigins
  /** False once the gateway drains. */
  readonly accepting: () => boolean
  /** Serves a connection whose socket has just been accepted. */
  readonly serve: (connection: GatewayConnection, ws: WebSocket) => void
  readonly clock: Clock
  readonly telemetry: Telemetry
}

type Client = { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }

/** Outcome of $connect: the subprotocol to echo, if any, or a refusal. */
type Connected = { readonly protocol: string | undefined } | Refusal

/** Handles upgrade requests: origin, rate, authorizer and $connect come first, then the socket is accepted. */
export const makeUpgrade = (deps: Deps) => {
  const { connections, limits, allowedOrigins, accepting, clock, telemetry } = deps
  const admitConnection = makeRateLimit({
    perSecond: limits.connectionsPerSecond,
    burst: limits.connectionsPerSecond ?? 0,
    clock,
  })
  const accept = makeAccept(deps)

  const letIn = async (client: Client): Promise<Refusal | undefined> => {
    if (!accepting()) return goingAway
    const problem = checkHandshake(client.request)
    if (problem) return problem
    if (!originAllowed(allowedOrigins, client.request)) {
      telemetry.info('A connection was refused', {
        reason: originRefusal,
        origin: client.request.headers.origin,
      })
      return refusal(403, originRefusal)
    }
    if (!admitConnection()) return refusal(429, 'Too Many Requests')
    const arrival = arrivalOf(client.request, clock)
    const authorizer = await authorize(deps, arrival)
    if (isRefusal(authorizer)) return authorizer
    // No function has registered this client yet, so nothing needs to be undone.
    if (client.socket.destroyed) return undefined
    const connection = makeConnection({
      ...arrival,
      id: arrival.connectionId,
      authorizer,
      sendBufferBytes: limits.sendBufferBytes,
      clock,
      onClosing: ({ id }) => connections.remove(id),
    })
    connections.add(connection)
    const connected = await connect(deps, arrival, client.request, authorizer)
    if (!isRefusal(connected)) return accept(client, connection, connected.protocol)
    connections.remove(connection.id)
    return connected
  }

  return async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    // Without a listener, a client that resets its connection would end the process.
    socket.on('error', () => socket.destroy())
    try {
      const refused = await letIn({ request, socket, head })
      if (refused) refuse(socket, refused)
    } catch (error) {
      telemetry.error('An upgrade failed', error)
      refuse(socket, refusal(500, 'Internal server error'))
    }
  }
}

const goingAway = refusal(503, 'Going away')

const isRefusal = (value: object): value is Refusal => 'status' in value && 'body' in value

const authorize = async (
  { invoke, events, limits, telemetry }: Deps,
  arrival: Arrival,
): Promise<AuthorizerContext | Refusal> => {
  const { connectionId } = arrival
  const event = events.authorize(arrival)
  const ids = { connectionId, requestId: event.requestContext.requestId }
  try {
    const result = await invoke((handlers, context) => handlers.authorize(event, context))
    const authorization = readAuthorization(result, events.methodArn, limits.authorizerContextBytes)
    if (authorization.kind === 'allow') return authorization.context
    if (authorization.kind === 'deny') return refusal(403, 'Forbidden', ids)
    telemetry.error('The authorizer returned an invalid result', new Error(authorization.reason), ids)
  } catch (error) {
    // API Gateway documents this thrown message as the only way to answer 401.
    if (error instanceof Error && error.message === unauthorizedMessage) {
      return refusal(401, unauthorizedMessage, ids)
    }
    telemetry.error('The authorizer failed', error, ids)
  }
  return refusal(500, 'Internal server error', ids)
}

const connect = async (
  { invoke, events, faults, telemetry }: Deps,
  arrival: Arrival,
  request: IncomingMessage,
  authorizer: AuthorizerContext,
): Promise<Connected> => {
  const { connectionId } = arrival
  const event = events.connect(arrival, authorizer)
  const ids = { connectionId, requestId: event.requestContext.requestId }
  try {
    const response = await invoke((handlers, context) => handlers.connect(event, context))
    const { connectLatencyMs } = faults.current()
    if (connectLatencyMs > 0) await delay(connectLatencyMs)
    return readResponse(response, offeredProtocols(request), ids)
  } catch (error) {
    telemetry.error('$connect failed', error, ids)
    return error instanceof InvocationTimeout
      ? refusal(504, 'Endpoint request timed out', ids)
      : refusal(502, 'Internal server error', ids)
  }
}

type ConnectResponse = {
  readonly statusCode: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Reads the response of $connect. @throws Error for an invalid response */
const readResponse = (response: ConnectResponse, offered: readonly string[], ids: object): Connected => {
  const { statusCode, headers = {}, body } = response
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) {
    throw new Error(`$connect returned the statusCode ${statusCode}`)
  }
  if (statusCode > 299) {
    return body === undefined ? refusal(statusCode, 'Refused', ids) : { status: statusCode, body }
  }
  const name = Object.keys(headers).find((header) => header.toLowerCase() === 'sec-websocket-protocol')
  const protocol = name && headers[name]
  if (protocol && !offered.includes(protocol)) {
    throw new Error(`$connect chose the subprotocol ${protocol}, which the client did not offer`)
  }
  return { protocol }
}

/** Completes the handshake in one tick; afterwards the connection can be posted to. */
const makeAccept = ({ limits, connections, disconnects, accepting, serve }: Deps) => {
  const chosen = new WeakMap<IncomingMessage, string>()
  const options = {
    noServer: true,
    clientTracking: false,
    // API Gateway does not compress either.
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    closeTimeout: limits.closeTimeoutMs,
    handleProtocols: (_: Set<string>, request: IncomingMessage) => chosen.get(request) ?? false,
  }
  const server = new WebSocketServer(options)

  return (
    { request, socket, head }: Client,
    connection: GatewayConnection,
    protocol: string | undefined,
  ): Refusal | undefined => {
    if (!accepting()) {
      connections.remove(connection.id)
      disconnects.run(connection, { code: 1001, reason: 'Going away' })
      return goingAway
    }
    if (protocol) chosen.set(request, protocol)
    let accepted = false
    server.handleUpgrade(request, socket, head, (ws) => {
      accepted = true
      connection.open(ws, socket)
      serve(connection, ws)
    })
    if (!accepted) {
      // The client vanished while $connect ran, and $connect has registered it.
      connections.remove(connection.id)
      disconnects.run(connection, { code: 1006, reason: 'Connection closed abnormally' })
    }
    return undefined
  }
}
