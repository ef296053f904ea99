import { Stack } from 'aws-cdk-lib'
import {
  type IAccessLogSettings,
  WebSocketApi,
  type WebSocketRoute,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { routes } from '../../lambdas/routes.ts'
import { acknowledge } from '../functions/acknowledge.ts'
import { ChatFunction } from '../functions/chat-function.ts'
import { connectsFailedName, type Deployment, metricsNamespace } from '../functions/deployment.ts'
import type { Lanes } from '../lanes/lanes.ts'
import type { Storage } from '../storage/storage.ts'
import { AccountLogRole, accessLogOf } from './logs.ts'
import { allowTokens, RouteFunctions, tokenVariables } from './route-functions.ts'
import { SocketDomain } from './socket-domain.ts'

type Props = { readonly deployment: Deployment; readonly storage: Storage; readonly lanes: Lanes }

/** The WebSocket API: the routes of lambdas/routes.ts behind an authorizer. */
export class SocketApi extends Construct {
  readonly authorize: ChatFunction
  readonly functions: RouteFunctions
  /** URL at which clients connect. */
  readonly url: string
  /** Name to which the custom domain must point; undefined without one. */
  readonly domainTarget: string | undefined
  private readonly api: WebSocketApi
  private readonly routes: readonly WebSocketRoute[]
  private readonly stage: WebSocketStage

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id)
    const { deployment } = props
    this.authorize = this.authorizeOf(deployment)
    this.functions = new RouteFunctions(this, 'Routes', props)
    this.api = new WebSocketApi(this, 'Api', {
      apiName: deployment.serviceName,
      routeSelectionExpression: '$request.body.action',
    })
    this.routes = this.addRoutes()
    const domain = domainOf(this, deployment)
    const accessLog = accessLogOf(this, deployment, 'socket')
    this.countFailures(accessLog.logGroup)
    this.stage = this.stageOf(deployment, domain, accessLog)
    this.url = domain ? `wss://${domain.domainName.name}` : this.stage.url
    this.domainTarget = domain?.domainName.regionalDomainName
  }

  /** Allows a function to post to and close connections of this stage, but not to read them or reach other stages. */
  allowPosts(chatFunction: ChatFunction): void {
    const resource = (method: string) =>
      Stack.of(this).formatArn({
        service: 'execute-api',
        resource: this.api.apiId,
        resourceName: `${this.stage.stageName}/${method}/@connections/*`,
      })
    chatFunction.allow(
      ['execute-api:ManageConnections'],
      [resource('POST'), resource('DELETE')],
      'Connections are known by ids that API Gateway makes up',
    )
  }

  private authorizeOf(deployment: Deployment): ChatFunction {
    const authorize = new ChatFunction(this, 'Authorize', {
      deployment,
      name: 'authorize',
      description: 'Tells whom a new connection speaks for',
      variables: tokenVariables(deployment),
      // API Gateway waits for an authorizer no longer than this.
      timeoutSeconds: 10,
    })
    allowTokens(authorize, deployment)
    return authorize
  }

  private addRoutes(): readonly WebSocketRoute[] {
    // The token arrives in the query string or in a subprotocol. With one identity source, API Gateway would answer 401
    // to clients that use the other, without invoking the function.
    const authorizer = new WebSocketLambdaAuthorizer('Authorizer', this.authorize.handler, {
      identitySource: [],
    })
    return Object.entries(routes).map(([routeKey, { function: name, returnsResponse }]) => {
      // One integration per route, because the permission to invoke the function belongs to the route.
      const integration = new WebSocketLambdaIntegration('Integration', this.functions.byName[name].handler)
      const route = this.api.addRoute(routeKey, {
        integration,
        returnResponse: returnsResponse,
        ...(routeKey === '$connect' && { authorizer }),
      })
      if (routeKey !== '$connect') {
        acknowledge(route, {
          APIG4: 'A WebSocket API authorizes $connect; every later event bears what came of it',
        })
      }
      return route
    })
  }

  /**
   * Counts connections that failed for a reason of the service. The authorizer's errors cannot be used: it throws for
   * every refused token, which makes API Gateway answer 401.
   */
  private countFailures(accessLog: ILogGroup): void {
    new MetricFilter(this, 'FailedConnects', {
      logGroup: accessLog,
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.eventType', '=', 'CONNECT'),
        FilterPattern.stringValue('$.status', '=', '5*'),
      ),
      metricNamespace: metricsNamespace,
      metricName: connectsFailedName,
      metricValue: '1',
      dimensions: { service: '$.service' },
    })
  }

  private stageOf(
    deployment: Deployment,
    domain: SocketDomain | undefined,
    accessLogSettings: IAccessLogSettings,
  ): WebSocketStage {
    const { stageName, throttle, target } = deployment.settings
    const stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName,
      autoDeploy: true,
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      accessLogSettings,
      ...(domain && { domainMapping: { domainName: domain.domainName } }),
    })
    // The stage's first deployment contains every route, so that early clients find none missing.
    stage.node.addDependency(...this.routes)
    if (target.name === 'aws' && target.setsAccountLogRole) {
      stage.node.addDependency(new AccountLogRole(this, 'AccountLogRole'))
    }
    return stage
  }
}

const domainOf = (scope: Construct, { settings }: Deployment): SocketDomain | undefined =>
  settings.target.name === 'aws' && settings.target.domain
    ? new SocketDomain(scope, 'Domain', { domain: settings.target.domain })
    : undefined
