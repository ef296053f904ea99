import type { PublishRequest } from '../../core/domain/publish-request.ts'

/**
 * Events that handlers read and results that they return. API Gateway and Lambda's event source for RabbitMQ define them;
 * these types contain only the fields in use. @types/aws-lambda lacks `authorizer` on message events, which is essential
 * here.
 */

/** Context that `authorize` adds to every later event of the connection. API Gateway allows scalars, 8 KB in all. */
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

/** Event of a route for frames. It has neither headers nor a query string. */
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

/** Event of an HTTP API, in payload format 2.0. */
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
  /** Records by `queue::vhost`. */
  readonly rmqMessagesByQueue: Readonly<Record<string, readonly RabbitMqRecord[]>>
}

export type RabbitMqRecord = {
  /** String headers arrive as `{bytes: number[]}`. */
  readonly basicProperties: { readonly [property: string]: unknown; readonly messageId?: string | null }
  readonly redelivered: boolean
  /** Body in base64. */
  readonly data: string
}

/** Event with which `deliver` invokes `publish`. */
export type PublishEvent = { readonly requests: readonly PublishRequest[] }

/** Event with which an operator invokes `dead-letters`: the unchecked arguments of `npm run dead-letters`. */
export type DeadLettersEvent = { readonly args?: unknown }

/** Output and exit code of the dead-letters command. */
export type DeadLettersResult = {
  readonly output: string
  readonly errors: string
  readonly exitCode: number
}

/** Event of a custom resource, as CDK's provider framework passes it. */
export type CustomResourceEvent = {
  readonly RequestType: 'Create' | 'Update' | 'Delete'
  readonly PhysicalResourceId?: string
}

/** Event of the topology's custom resource, with the exchange of its jobs. */
export type DeclareTopologyEvent = CustomResourceEvent & {
  readonly ResourceProperties: { readonly Jobs: string }
}

/** Event of a reader's teardown, with the UUID of its event source mapping. */
export type DeleteReaderEvent = CustomResourceEvent & {
  readonly ResourceProperties: { readonly EsmId: string }
}

/** Fields of Lambda's context that handlers use. */
export type InvocationContext = {
  readonly functionName?: string
  readonly awsRequestId: string
  /** Returns the ms until Lambda ends this invocation. */
  readonly getRemainingTimeInMillis: () => number
}

/** Result of a route. `body` reaches the client if the route returns a response; $connect's status is the upgrade's. */
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

/** Handler of the authorizer. It throws `Error('Unauthorized')`, exactly, for a 401. */
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
/** Id of a custom resource. If it changes, CloudFormation treats it as a new resource and deletes the previous one. */
type CustomResourceResult = { readonly PhysicalResourceId: string }
export type DeclareTopologyHandler = (
  event: DeclareTopologyEvent,
  context: InvocationContext,
) => Promise<CustomResourceResult>
export type DeleteReaderHandler = (
  event: DeleteReaderEvent,
  context: InvocationContext,
) => Promise<CustomResourceResult>
