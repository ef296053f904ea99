import type { PublishRequest } from '../../core/domain/publish-request.ts'

/**
 * The events that the handlers read and the results that they return, as API Gateway's WebSocket APIs, its
 * HTTP APIs and Lambda's event source for RabbitMQ define them; only what is used here. @types/aws-lambda has
 * no `authorizer` on a message event, which this project stands on.
 */

/** What `authorize` hands to every later event of the connection. API Gateway allows strings, numbers and booleans, 8 KB in all. */
export type AuthorizerContext = Readonly<Record<string, string | number | boolean | undefined>>

type RequestContext = {
  readonly routeKey: string
  readonly connectionId: string
  readonly apiId: string
  readonly domainName: string
  readonly stage: string
  readonly requestId: string
  readonly connectedAt: number
  readonly requestTimeEpoch: number
  readonly authorizer?: AuthorizerContext
}

type MultiValue = Readonly<Record<string, string[] | undefined>>
type SingleValue = Readonly<Record<string, string | undefined>>

type UpgradeRequest = {
  readonly headers?: SingleValue | null
  readonly multiValueHeaders?: MultiValue | null
  readonly queryStringParameters?: SingleValue | null
  readonly multiValueQueryStringParameters?: MultiValue | null
}

export type AuthorizerEvent = UpgradeRequest & {
  readonly type: 'REQUEST'
  readonly methodArn: string
  readonly requestContext: RequestContext
}

export type ConnectEvent = UpgradeRequest & {
  readonly requestContext: RequestContext & { readonly eventType: 'CONNECT' }
  readonly isBase64Encoded: boolean
}

/** Carries neither headers nor a query string. */
export type MessageEvent = {
  readonly requestContext: RequestContext & { readonly eventType: 'MESSAGE'; readonly messageId: string }
  readonly body?: string
  readonly isBase64Encoded: boolean
}

export type DisconnectEvent = {
  readonly headers?: SingleValue | null
  readonly requestContext: RequestContext & {
    readonly eventType: 'DISCONNECT'
    readonly disconnectStatusCode?: number
    readonly disconnectReason?: string
  }
  readonly isBase64Encoded: boolean
}

/** An HTTP API event, payload format 2.0. */
export type HttpEvent = {
  readonly rawPath: string
  readonly headers: SingleValue
  readonly queryStringParameters?: SingleValue
  readonly requestContext: {
    readonly requestId: string
    readonly http: { readonly method: string; readonly path: string }
  }
}

export type RabbitMqEvent = {
  readonly eventSource: 'aws:rmq'
  readonly eventSourceArn: string
  /** By `queue::vhost`. */
  readonly rmqMessagesByQueue: Readonly<Record<string, readonly RabbitMqRecord[]>>
}

export type RabbitMqRecord = {
  /** String headers arrive as `{bytes: number[]}`. */
  readonly basicProperties: { readonly [property: string]: unknown; readonly messageId?: string | null }
  readonly redelivered: boolean
  /** Base64. */
  readonly data: string
}

/** What `deliver` hands to `publish`. */
export type PublishEvent = { readonly requests: readonly PublishRequest[] }

/** What an operator hands to `dead-letters`: the arguments of `npm run dead-letters`. Nobody has checked them. */
export type DeadLettersEvent = { readonly args?: unknown }

/** What that command prints, and ends with. */
export type DeadLettersResult = {
  readonly output: string
  readonly errors: string
  readonly exitCode: number
}

/** A custom resource's event, as CDK's provider framework hands it on. */
export type CustomResourceEvent = {
  readonly RequestType: 'Create' | 'Update' | 'Delete'
  readonly PhysicalResourceId?: string
}

/** That of the topology: the exchange of its jobs. */
export type DeclareTopologyEvent = CustomResourceEvent & {
  readonly ResourceProperties: { readonly Jobs: string }
}

/** That of a reader's teardown: the mapping's UUID, as cdk-amazonmq names it. */
export type DeleteReaderEvent = CustomResourceEvent & {
  readonly ResourceProperties: { readonly EsmId: string }
}

/** Of Lambda's context, what the handlers use. */
export type InvocationContext = {
  readonly functionName?: string
  readonly awsRequestId: string
  /** ms until Lambda ends this invocation. */
  readonly getRemainingTimeInMillis: () => number
}

/** `body` reaches the client where the route returns a response; on $connect, `statusCode` is the upgrade's status. */
export type Response = {
  readonly statusCode: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export type AuthorizerResult = {
  readonly principalId: string
  readonly policyDocument: {
    readonly Version: '2012-10-17'
    readonly Statement: readonly {
      readonly Action: 'execute-api:Invoke'
      readonly Effect: 'Allow' | 'Deny'
      readonly Resource: string
    }[]
  }
  readonly context?: AuthorizerContext
}

/** Throws `Error('Unauthorized')`, to the letter, for a 401. */
export type AuthorizeHandler = (
  event: AuthorizerEvent,
  context: InvocationContext,
) => Promise<AuthorizerResult>
export type AuthCheckHandler = (event: HttpEvent, context: InvocationContext) => Promise<Response>
export type ConnectHandler = (event: ConnectEvent, context: InvocationContext) => Promise<Response>
export type MessageHandler = (event: MessageEvent, context: InvocationContext) => Promise<Response>
export type DisconnectHandler = (event: DisconnectEvent, context: InvocationContext) => Promise<Response>
export type DeliverHandler = (event: RabbitMqEvent, context: InvocationContext) => Promise<void>
export type PublishHandler = (event: PublishEvent, context: InvocationContext) => Promise<void>
export type DeadLettersHandler = (
  event: DeadLettersEvent,
  context: InvocationContext,
) => Promise<DeadLettersResult>
/** By another id than before, CloudFormation takes it for another resource, and has the one before deleted. */
type CustomResourceResult = { readonly PhysicalResourceId: string }
export type DeclareTopologyHandler = (
  event: DeclareTopologyEvent,
  context: InvocationContext,
) => Promise<CustomResourceResult>
export type DeleteReaderHandler = (
  event: DeleteReaderEvent,
  context: InvocationContext,
) => Promise<CustomResourceResult>
