import type { Identity } from '../../../core/domain/identity.ts'
import type {
  AuthorizerEvent,
  ConnectEvent,
  DisconnectEvent,
  InvocationContext,
  MessageEvent,
} from '../../../lambdas/aws/events.ts'
import { contextOf } from '../../../lambdas/aws/identity-context.ts'
import { identityOf } from '../builders.ts'

type Upgrade = {
  readonly query?: Readonly<Record<string, string>>
  readonly subprotocols?: string
  readonly identity?: Identity
}

const requestContext = {
  routeKey: '$connect',
  apiId: 'abc123',
  connectionId: 'Zm9vYmFyYmF6cXV4=',
  domainName: 'abc123.execute-api.eu-central-1.amazonaws.com',
  stage: 'prod',
  requestId: 'JKJaXmPLvHcESHA=',
  connectedAt: 1_795_345_445_000,
  requestTimeEpoch: 1_795_345_445_123,
}

const upgradeOf = ({ query, subprotocols }: Upgrade) => ({
  headers: {
    Host: requestContext.domainName,
    ...(subprotocols && { 'Sec-WebSocket-Protocol': subprotocols }),
  },
  queryStringParameters: query ?? null,
})

export const invocation: InvocationContext = { awsRequestId: 'r1', getRemainingTimeInMillis: () => 29_000 }

export const authorizerEvent = (upgrade: Upgrade = {}): AuthorizerEvent => ({
  type: 'REQUEST',
  methodArn: 'arn:aws:execute-api:eu-central-1:123456789012:abc123/prod/$connect',
  ...upgradeOf(upgrade),
  requestContext,
})

export const connectEvent = ({ identity = identityOf(), ...upgrade }: Upgrade = {}): ConnectEvent => ({
  ...upgradeOf(upgrade),
  requestContext: { ...requestContext, eventType: 'CONNECT', authorizer: contextOf(identity) },
  isBase64Encoded: false,
})

/** @param body a frame, or any text as it is */
export const messageEvent = (body: unknown, identity = identityOf()): MessageEvent => ({
  requestContext: {
    ...requestContext,
    routeKey: 'sendMessage',
    eventType: 'MESSAGE',
    messageId: 'JKJaXcULvHcCFvA=',
    authorizer: contextOf(identity),
  },
  body: typeof body === 'string' ? body : JSON.stringify(body),
  isBase64Encoded: false,
})

export const disconnectEvent = (identity = identityOf()): DisconnectEvent => ({
  requestContext: {
    ...requestContext,
    routeKey: '$disconnect',
    eventType: 'DISCONNECT',
    authorizer: contextOf(identity),
    disconnectStatusCode: 1001,
    disconnectReason: 'Going away',
  },
  isBase64Encoded: false,
})
