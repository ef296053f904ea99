import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { makeConcurrencyLimit } from '../../core/primitives/concurrency-limit.ts'

type Options = {
  /** URL of another engine than AWS's own: region and credentials then need not be real. */
  readonly endpoint?: string
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/**
 * A client that gives up soon enough for somebody to be waiting: 3 attempts of at most 3 s each, and 2 s to
 * connect. The SDK alone would wait for minutes.
 */
export const makeDynamoDbClient = ({ endpoint, region, credentials }: Options = {}): DynamoDBClient => {
  const local = endpoint === undefined ? {} : localDefaults
  const config: DynamoDBClientConfig = {
    ...local,
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 2000,
      requestTimeout: 3000,
      httpAgent: { keepAlive: true, maxSockets: sockets },
      httpsAgent: { keepAlive: true, maxSockets: sockets },
      // Without it the handler only warns.
      throwOnRequestTimeout: true,
    },
  }
  const client = new DynamoDBClient(config)
  // What waits for a socket counts towards the SDK's time limits, so a burst would fail before it was sent. It
  // waits here instead, before the handler but within a retry's attempt, whose pauses hold up nobody else.
  const limit = makeConcurrencyLimit(sockets)
  client.middlewareStack.add((next) => (args) => limit(() => next(args)), {
    name: 'waitForSocket',
    step: 'finalizeRequest',
    priority: 'low',
  })
  return client
}

/** Requests at a time: Node's own number of sockets for the SDK. */
const sockets = 50

// Engines on one's own machine check neither; the SDK insists on both.
const localDefaults = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const
