import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Telemetry } from '../../core/ports.ts'
import { ChatError, errorFrame } from '../../protocol/chat-error.ts'
import { InvocationTimeout, type Invoke } from '../lambda/invoke.ts'
import { apiId, type Events } from '../sockets/events.ts'
import { type AllowedOrigins, originAllowed, originRefusal } from '../sockets/handshake.ts'
import type { Health } from './health.ts'
import { connectionPathOf } from './management-api.ts'

type Deps = {
  readonly stage: string
  readonly health: () => Promise<Health>
  readonly invoke: Invoke
  readonly events: Events
  readonly allowedOrigins: AllowedOrigins
  readonly manage: (request: IncomingMessage, response: ServerResponse, encodedId: string) => Promise<void>
  /** Serves a file of the page; resolves with false if the path names none. */
  readonly serveFile: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>
  readonly telemetry: Telemetry
}

/** Handles every HTTP request that is not an upgrade. */
export const makeHttp = (deps: Deps) => {
  const { telemetry } = deps
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await route(deps, request, response)
    } catch (error) {
      // A client that broke off does not wait for an answer, and this is not a defect.
      if (request.destroyed && !request.complete) return
      telemetry.error('An HTTP request failed', error)
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { message: 'Internal Server Error' })
    }
  }
}

const route = async (deps: Deps, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const [wirePath = '/'] = (request.url ?? '/').split('?')
  const path = withoutStage(wirePath, deps.stage)
  const encodedId = connectionPathOf(path)
  if (encodedId !== undefined) return deps.manage(request, response, encodedId)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return sendJson(response, 405, { message: 'Method Not Allowed' })
  }
  if (path === '/health') {
    const health = await deps.health()
    return sendJson(response, health.status === 'ok' ? 200 : 503, health)
  }
  if (path === '/auth-check') return authCheck(deps, request, response)
  if (!(await deps.serveFile(request, response, path))) sendJson(response, 404, { message: 'Not Found' })
}

const authCheck = async (
  { invoke, events, allowedOrigins, telemetry }: Deps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (!originAllowed(allowedOrigins, request)) {
    // The upgrade would be refused with the same status.
    const refusal = errorFrame(new ChatError('forbidden', originRefusal), undefined)
    return sendJson(response, refusal.status, refusal)
  }
  const { url = '', headers, socket } = request
  const event = events.http({
    method: 'GET',
    path: '/auth-check',
    query: new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : ''),
    headers,
    sourceIp: socket.remoteAddress ?? '',
  })
  // The page may come from another host. Every origin that may connect may also ask for the reason of a refusal.
  const { origin } = headers
  const cors: Record<string, string> =
    origin !== undefined && originAllowed(allowedOrigins, request)
      ? { 'access-control-allow-origin': origin, vary: 'origin' }
      : {}
  try {
    const result = await invoke((handlers, context) => handlers['auth-check'](event, context))
    response.writeHead(result.statusCode, { 'cache-control': 'no-store', ...cors, ...result.headers })
    response.end(result.body)
  } catch (error) {
    telemetry.error('auth-check failed', error, { requestId: event.requestContext.requestId })
    if (error instanceof InvocationTimeout) sendJson(response, 503, { message: 'Service Unavailable' }, cors)
    else sendJson(response, 500, { message: 'Internal Server Error' }, cors)
  }
}

/**
 * Removes the stage from a path. It takes two forms: `/STAGE`, after a host name that names the API, and
 * `/_aws/execute-api/API/STAGE`, the form of LocalStack, to which functions post with `AWS_ENDPOINT_URL`.
 */
const withoutStage = (path: string, stage: string): string => {
  const base = [`/${stage}`, `/_aws/execute-api/${apiId}/${stage}`].find(
    (named) => path === named || path.startsWith(`${named}/`),
  )
  return base === undefined ? path : path.slice(base.length) || '/'
}

const sendJson = (
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(JSON.stringify(body))
}
