import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { makeConcurrencyLimit } from '../../core/primitives/concurrency-limit.ts'

type Options = {
  /** URL of an engine other than AWS; region and credentials need not be real then. */
  readonly endpoint?: string
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/**
 * Creates a client with time limits for waiting users: 3 attempts of at most 3 s each, and 2 s to connect (our choice). The
 * SDK alone would wait for minutes.
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
      // Without this option, the handler only warns.
      throwOnRequestTimeout: true,
    },
  }
  const client = new DynamoDBClient(config)
  // Waiting for a socket counts towards the SDK's time limits, so a burst would fail before it was sent. Requests wait
  // here instead: before the handler, but within an attempt, whose pauses block no other request.
  const limit = makeConcurrencyLimit(sockets)
  client.middlewareStack.add((next) => (args) => limit(() => next(args)), {
    name: 'waitForSocket',
    step: 'finalizeRequest',
    priority: 'low',
  })
  return client
}

/** Concurrent requests: the SDK's default number of sockets in Node. */
const sockets = 50

// Local engines check neither, but the SDK requires both.
const localDefaults = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const
