import type { RawData, WebSocket } from 'ws'
import type { Telemetry } from '../../core/ports.ts'
import type { Invoke } from '../lambda/invoke.ts'
import { type RouteTable, type SelectedRoute, selectRoute } from '../lambda/routing.ts'
import type { GatewayLimits } from '../settings/limits.ts'
import type { Closing, GatewayConnection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { Disconnects } from './disconnects.ts'
import type { Events } from './events.ts'
import { newId } from './events.ts'

type Deps = {
  readonly invoke: Invoke
  readonly events: Events
  readonly routes: RouteTable
  readonly connections: Connections
  readonly disconnects: Disconnects
  readonly limits: GatewayLimits
  /** False once the gateway drains. Frames are dropped then without a reply, and clients send them again. */
  readonly accepting: () => boolean
  readonly telemetry: Telemetry
}

/**
 * Serves an accepted connection. Each text frame invokes the function of its route. Invocations run concurrently,
 * so the reply to a later frame may arrive first. With too many in flight, the socket is not read, and frames that
 * were read already wait in order.
 */
export const makeServe = (deps: Deps) => {
  const { connections, disconnects, limits, accepting } = deps
  const answer = makeAnswer(deps)

  return (connection: GatewayConnection, ws: WebSocket): void => {
    const waiting: string[] = []
    let running = 0
    let failure: Closing | undefined

    const start = async (body: string) => {
      running++
      await answer(connection, body)
      running--
      startMore()
    }
    const startMore = () => {
      while (running < limits.invocationsPerConnection) {
        const body = waiting.shift()
        if (body === undefined) {
          if (ws.isPaused) ws.resume()
          return
        }
        void start(body)
      }
    }

    ws.on('message', (data, isBinary) => {
      if (connection.closing() || !accepting()) return
      connection.received()
      if (isBinary) return connection.close({ code: 1003, reason: 'Binary frames are not supported' })
      waiting.push(textOf(data))
      if (running >= limits.invocationsPerConnection) ws.pause()
      else startMore()
    })
    // The library has begun to close the connection already; the error holds the reason.
    ws.on('error', (error) => {
      failure ??= closingOf(error)
    })
    const gone = new Promise<void>((resolve) => ws.on('close', () => resolve()))
    void connections.sockets.track(gone)
    ws.on('close', (code, reason) => {
      connections.remove(connection.id)
      const closing = connection.closing() ?? failure ?? { code, reason: reasonOf(code, reason.toString()) }
      disconnects.run(connection, closing)
    })
  }
}

const makeAnswer = ({ invoke, events, routes, connections, limits, telemetry }: Deps) => {
  const run = async (connection: GatewayConnection, { routeKey, route }: SelectedRoute, body: string) => {
    const event = events.message(connection, routeKey, body)
    const ids = { connectionId: connection.id, requestId: event.requestContext.requestId }
    try {
      const response = await invoke((handlers, context) => handlers[route.function](event, context))
      const reply = response?.body
      if (!route.returnsResponse || reply === undefined || reply === '') return undefined
      const bytes = Buffer.from(reply)
      if (bytes.byteLength > limits.postBytes) throw new Error(`The reply is ${bytes.byteLength} bytes`)
      return bytes
    } catch (error) {
      telemetry.error(`Route ${routeKey} failed`, error, ids)
      return gatewayError('Internal server error', ids)
    }
  }

  /** Never rejects: a failure of a route is answered with an error frame, and the socket stays open. */
  return async (connection: GatewayConnection, body: string): Promise<void> => {
    const selected = selectRoute(routes, body)
    const ids = { connectionId: connection.id, requestId: newId() }
    const reply = !connections.admitRequest()
      ? gatewayError('Too Many Requests', ids)
      : selected
        ? await run(connection, selected, body)
        : gatewayError('Forbidden', ids)
    // A client that does not read its own replies could not read an error frame either.
    if (reply && connection.send(reply) === 'full') {
      connection.cutOff({ code: 1008, reason: 'The client does not read' })
    }
  }
}

const gatewayError = (message: string, ids: { connectionId: string; requestId: string }): Buffer =>
  Buffer.from(JSON.stringify({ message, ...ids }))

const textOf = (data: RawData): string => {
  if (Buffer.isBuffer(data)) return data.toString()
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)).toString()
}

/** Maps an error of the WebSocket library to the close code that the library used for it. */
const closingOf = (error: Error): Closing => {
  const code = 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return { code: 1009, reason: 'Message too long' }
    case 'WS_ERR_INVALID_UTF8':
      return { code: 1007, reason: 'Invalid UTF-8' }
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return { code: 1008, reason: 'Too many fragments' }
    default:
      return { code: code.startsWith('WS_ERR_') ? 1002 : 1006, reason: error.message }
  }
}

const reasonOf = (code: number, reason: string): string => {
  if (reason !== '') return reason
  if (code === 1000) return 'Connection Closed Normally'
  if (code === 1001) return 'Going away'
  if (code === 1005) return 'Client-side close frame status not set'
  return code === 1006 ? 'Connection closed abnormally' : ''
}
