import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../core/ports.ts'
import type { Handlers } from '../lambda/handlers.ts'
import type { AuthorizerContext } from './authorization.ts'
import type { ClientIdentity, Closing, GatewayConnection } from './connection.ts'

type AuthorizerEvent = Parameters<Handlers['authorize']>[0]
type ConnectEvent = Parameters<Handlers['connect']>[0]
type MessageEvent = Parameters<Handlers['default']>[0]
type DisconnectEvent = Parameters<Handlers['disconnect']>[0]
type HttpEvent = Parameters<Handlers['auth-check']>[0]

type Origin = {
  readonly connectionId: string
  readonly connectedAtMs: number
  readonly identity: ClientIdentity
}

/** An upgrade request, with header names as the client wrote them. */
export type Arrival = Origin & {
  readonly multiValueHeaders: Readonly<Record<string, string[]>>
  readonly query: URLSearchParams
}

/** Builds the events that API Gateway passes to functions, with every field that it fills in. */
export type Events = {
  /** ARN that policies of the authorizer must match. */
  readonly methodArn: string
  /** Event of a Lambda REQUEST authorizer. */
  readonly authorize: (arrival: Arrival) => AuthorizerEvent
  /** Event of the $connect route. */
  readonly connect: (arrival: Arrival, authorizer: AuthorizerContext) => ConnectEvent
  /** Event of a route for frames. */
  readonly message: (connection: GatewayConnection, routeKey: string, body: string) => MessageEvent
  /** Event of the $disconnect route. */
  readonly disconnect: (connection: GatewayConnection, closing: Closing) => DisconnectEvent
  /** Event of an HTTP API, in payload format 2.0. */
  readonly http: (request: HttpRequest) => HttpEvent
}

/** A plain HTTP request to a function. */
export type HttpRequest = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly sourceIp: string
}

/** Values that are the same in all events of a gateway. */
export type EventOptions = {
  readonly domainName: string
  readonly stage: string
  readonly region: string
  readonly clock: Clock
}

/** Id of the single API that a gateway serves. */
export const apiId = 'gateway'
/** Placeholder in ARNs: a gateway belongs to no AWS account. */
const accountId = '000000000000'

/** Creates the event builder of one gateway. */
export const makeEvents = ({ domainName, stage, region, clock }: EventOptions): Events => {
  const contextOf = ({ connectionId, connectedAtMs, identity }: Origin, routeKey: string) => {
    const nowMs = clock()
    const requestId = newId()
    return {
      routeKey,
      messageDirection: 'IN',
      stage,
      connectedAt: connectedAtMs,
      requestTime: logTime(nowMs),
      requestTimeEpoch: nowMs,
      requestId,
      extendedRequestId: requestId,
      identity: { ...identity },
      domainName,
      connectionId,
      apiId,
    }
  }
  const ofConnection = (connection: GatewayConnection, routeKey: string) => {
    const { id: connectionId, connectedAtMs, identity, authorizer } = connection
    return { ...contextOf({ connectionId, connectedAtMs, identity }, routeKey), authorizer }
  }
  const methodArn = `arn:aws:execute-api:${region}:${accountId}:${apiId}/${stage}/$connect`

  return {
    methodArn,
    authorize: (arrival) => ({
      type: 'REQUEST',
      methodArn,
      ...headersOf(arrival),
      queryStringParameters: lastOf(valuesOf(arrival.query)),
      multiValueQueryStringParameters: valuesOf(arrival.query),
      stageVariables: {},
      requestContext: { ...contextOf(arrival, '$connect'), eventType: 'CONNECT' },
    }),
    connect: (arrival, authorizer) => ({
      ...headersOf(arrival),
      // Absent without a query string, unlike in the authorizer's event.
      ...(arrival.query.size > 0 && {
        queryStringParameters: lastOf(valuesOf(arrival.query)),
        multiValueQueryStringParameters: valuesOf(arrival.query),
      }),
      requestContext: { ...contextOf(arrival, '$connect'), eventType: 'CONNECT', authorizer },
      isBase64Encoded: false,
    }),
    message: (connection, routeKey, body) => ({
      requestContext: { ...ofConnection(connection, routeKey), eventType: 'MESSAGE', messageId: newId() },
      body,
      isBase64Encoded: false,
    }),
    disconnect: (connection, { code, reason }) => ({
      headers: { Host: domainName },
      multiValueHeaders: { Host: [domainName] },
      requestContext: {
        ...ofConnection(connection, '$disconnect'),
        eventType: 'DISCONNECT',
        disconnectStatusCode: code,
        disconnectReason: reason,
      },
      isBase64Encoded: false,
    }),
    http: (request) => httpEvent(request, domainName, clock()),
  }
}

const httpEvent = (
  { method, path, query, headers, sourceIp }: HttpRequest,
  domainName: string,
  nowMs: number,
): HttpEvent => {
  const routeKey = `${method} ${path}`
  const requestContext = {
    accountId,
    apiId,
    domainName,
    domainPrefix: apiId,
    http: { method, path, protocol: 'HTTP/1.1', sourceIp, userAgent: headers['user-agent'] ?? '' },
    requestId: newId(),
    routeKey,
    stage: '$default',
    time: logTime(nowMs),
    timeEpoch: nowMs,
  }
  const event = {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query.toString(),
    headers: joined(headers),
    ...(query.size > 0 && { queryStringParameters: joined(valuesOf(query)) }),
    requestContext,
    isBase64Encoded: false,
  }
  return event
}

const headersOf = ({ multiValueHeaders }: Arrival) => ({
  headers: lastOf(multiValueHeaders),
  multiValueHeaders: { ...multiValueHeaders },
})

/** Collects values by name in an object without a prototype: a client may name a parameter `__proto__`. */
const valuesOf = (query: URLSearchParams): Record<string, string[]> => {
  const values: Record<string, string[]> = Object.create(null)
  for (const name of query.keys()) values[name] = query.getAll(name)
  return values
}

const lastOf = (values: Readonly<Record<string, string[]>>): Record<string, string> => {
  const last: Record<string, string> = Object.create(null)
  for (const [name, all] of Object.entries(values)) last[name] = all.at(-1) ?? ''
  return last
}

const joined = (values: NodeJS.Dict<string | string[]>): Record<string, string> => {
  const single: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(values)) single[name] = [value ?? []].flat().join(',')
  return single
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `22/Nov/2026:11:04:05 +0000`, the form of access logs. */
const logTime = (ms: number): string => {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T')
  const [year, month, day] = date.split('-')
  return `${day}/${months[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`
}

/**
 * Creates a connection, request or message id in API Gateway's form: 15 characters of base64 and a `=`, which must be
 * encoded in a path.
 */
export const newId = (): string => `${randomBytes(11).toString('base64url')}=`

/** Tells whether a text has the form of a connection id. */
export const isWellFormedId = (text: string): boolean => /^[A-Za-z0-9+/_-]{6,126}={0,2}$/.test(text)
