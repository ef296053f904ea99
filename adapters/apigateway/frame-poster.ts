import {
  ApiGatewayManagementApiClient,
  type ApiGatewayManagementApiClientConfig,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { Connection } from '../../core/domain/identity.ts'
import type { Clock, FramePoster, PostOutcome, Telemetry } from '../../core/ports.ts'
import { makeBoundedMap } from '../../core/primitives/bounded-map.ts'
import { makeConcurrencyLimit } from '../../core/primitives/concurrency-limit.ts'
import { type Fault, faultOf } from './fault.ts'

type Options = {
  readonly telemetry: Telemetry
  /** Requests under way at a time, over all endpoints; as many sockets are kept. Default: 64. */
  readonly concurrency?: number
  /** How long to wait for a socket to connect. Default: 1,000 ms. */
  readonly connectTimeoutMs?: number
  /** How long to wait for an answer. Default: 3,000 ms: what takes longer is tried again by a delayed job. */
  readonly requestTimeoutMs?: number
  /** Default: where the AWS SDK looks for credentials. */
  readonly credentials?: NonNullable<ApiGatewayManagementApiClientConfig['credentials']>
  /** Default: the AWS SDK's. Part of the signature only: the endpoint says where to post. */
  readonly region?: string
  readonly clock?: Clock
}

/** Endpoints whose clients are kept: API Gateway has one for each stage, a gateway cluster one for each node. */
const maxClients = 100

/**
 * Posts through the @connections API with the AWS SDK, to API Gateway and to whatever looks like it. Each frame
 * is one signed request that is tried once: when to try again is for the caller to say, who knows the order.
 */
export const makeFramePoster = ({
  telemetry,
  concurrency = 64,
  clock = Date.now,
  ...options
}: Options): FramePoster => {
  const report = makeReport(telemetry, clock)
  const limit = makeConcurrencyLimit(concurrency)
  const clientOf = makeClients(concurrency, options)

  const attempt = async (
    { connectionId, endpoint }: Connection,
    what: string,
    send: (client: ApiGatewayManagementApiClient) => Promise<unknown>,
  ): Promise<PostOutcome> => {
    try {
      await limit(() => send(clientOf(endpoint)))
      return 'sent'
    } catch (error) {
      // Whatever it is, it is a value here: one bad post must not take those to other members down with it.
      if (!(error instanceof Error)) throw error
      const fault = faultOf(error)
      report(fault, `${what} failed`, error, { connectionId, endpoint })
      return fault === 'defect' ? 'failed' : fault
    }
  }

  return {
    post: (connection, frame) =>
      attempt(connection, 'A post', (client) =>
        client.send(
          new PostToConnectionCommand({ ConnectionId: connection.connectionId, Data: encoder.encode(frame) }),
        ),
      ),
    close: (connection) =>
      attempt(connection, 'Closing a connection', (client) =>
        client.send(new DeleteConnectionCommand({ ConnectionId: connection.connectionId })),
      ),
  }
}

const encoder = new TextEncoder()

type ClientOptions = Omit<Options, 'telemetry' | 'concurrency' | 'clock'>

/** One client for each endpoint, the least recently used dropped first. */
const makeClients = (
  maxSockets: number,
  { connectTimeoutMs = 1000, requestTimeoutMs = 3000, credentials, region }: ClientOptions,
): ((endpoint: string) => ApiGatewayManagementApiClient) => {
  // All clients share the sockets: dropping a client then breaks nothing that it has under way.
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    // The request timeout ends with the head of the answer; this one covers its body.
    socketTimeout: requestTimeoutMs,
    httpAgent: { keepAlive: true, maxSockets },
    httpsAgent: { keepAlive: true, maxSockets },
  })
  const clients = makeBoundedMap<string, ApiGatewayManagementApiClient>(maxClients)
  return (endpoint) => {
    const client =
      clients.get(endpoint) ??
      new ApiGatewayManagementApiClient({
        endpoint,
        requestHandler,
        maxAttempts: 1,
        ...(credentials && { credentials }),
        ...(region !== undefined && { region }),
      })
    clients.set(endpoint, client)
    return client
  }
}

/** Between two lines about posts to one endpoint that fail: a node that is away fails each of thousands. */
const quietMs = 10_000

/** A connection that is gone, or reads too slowly, is everyday life and not worth a line. Never the frame itself. */
const makeReport = (telemetry: Telemetry, clock: Clock) => {
  const reported = makeBoundedMap<string, { readonly atMs: number; withheld: number }>(maxClients)
  return (fault: Fault, message: string, error: Error, { connectionId, endpoint }: Connection): void => {
    if (fault === 'defect') telemetry.error(message, error, { connectionId, endpoint })
    if (fault !== 'failed') return
    const last = reported.get(endpoint)
    if (last && clock() - last.atMs < quietMs) {
      last.withheld++
      return
    }
    reported.set(endpoint, { atMs: clock(), withheld: 0 })
    const withheld = last && last.withheld > 0 ? { withheld: last.withheld } : {}
    telemetry.warn(message, { connectionId, endpoint, error, ...withheld })
  }
}
