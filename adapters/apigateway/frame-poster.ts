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
  /** Maximum requests in flight over all endpoints, and number of sockets kept. Default: 64. */
  readonly concurrency?: number
  /** Time limit of a connect, in ms. Default: 1,000. */
  readonly connectTimeoutMs?: number
  /** Time limit of an answer, in ms. Default: 3,000; a slower post is retried by a delayed job. */
  readonly requestTimeoutMs?: number
  /** Credentials. Default: those that the AWS SDK finds. */
  readonly credentials?: NonNullable<ApiGatewayManagementApiClientConfig['credentials']>
  /** Region in the signature only. Default: the AWS SDK's. */
  readonly region?: string
  readonly clock?: Clock
}

/** Maximum number of endpoints with a client: one per stage of API Gateway, or per node of a gateway cluster. */
const maxClients = 100

/**
 * Posts through the @connections API with the AWS SDK, to API Gateway or a look-alike. Each frame is one signed request
 * without retries: the caller decides on retries, because it knows the order.
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
      // Any failure becomes a value: one failed post must not affect posts to other members.
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

/** Keeps one client per endpoint and drops the least recently used. */
const makeClients = (
  maxSockets: number,
  { connectTimeoutMs = 1000, requestTimeoutMs = 3000, credentials, region }: ClientOptions,
): ((endpoint: string) => ApiGatewayManagementApiClient) => {
  // All clients share the sockets, so dropping a client breaks no request in flight.
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    // The request timeout covers only the head of the answer; this one covers its body.
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

/** Time between two log lines about failed posts to one endpoint, in ms (our choice). A lost node fails thousands. */
const quietMs = 10_000

/** Logs a failure, except for gone connections and slow consumers, which are normal. The frame is never logged. */
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
