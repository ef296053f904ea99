import { Duration } from 'aws-cdk-lib'
import { CorsHttpMethod, HttpApi, HttpMethod, HttpStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { Construct } from 'constructs'
import { acknowledge } from '../functions/acknowledge.ts'
import { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import type { Storage } from '../storage/storage.ts'
import { accessLogOf } from './logs.ts'
import { allowTokens, tokenVariables } from './route-functions.ts'

type Props = { readonly deployment: Deployment; readonly storage: Storage }

const path = '/auth-check'

/** HTTP API that tells a refused browser the reason. A WebSocket API cannot answer plain requests. */
export class AuthCheckApi extends Construct {
  readonly authCheck: ChatFunction
  readonly url: string

  constructor(scope: Construct, id: string, { deployment, storage }: Props) {
    super(scope, id)
    const { limits } = deployment.settings
    this.authCheck = new ChatFunction(this, 'AuthCheck', {
      deployment,
      name: 'auth-check',
      description: 'Tells a browser why it was refused',
      variables: { ...tokenVariables(deployment), ...storage.directoryVariables, ...limits },
    })
    allowTokens(this.authCheck, deployment)
    storage.allowDirectory(this.authCheck, ['members'])
    const api = new HttpApi(this, 'Api', {
      apiName: `${deployment.serviceName}-auth-check`,
      createDefaultStage: false,
      corsPreflight: {
        // Any page may ask: it needs the token, and cookies are not sent.
        allowOrigins: ['*'],
        allowMethods: [CorsHttpMethod.GET],
        allowHeaders: ['authorization'],
        maxAge: Duration.hours(1),
      },
    })
    const [route] = api.addRoutes({
      path,
      methods: [HttpMethod.GET],
      integration: new HttpLambdaIntegration('Integration', this.authCheck.handler),
    })
    if (route)
      acknowledge(route, { APIG4: 'Whoever asks it has just been refused: telling why is what it is for' })
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      autoDeploy: true,
      // One request per refused connection. API Gateway accepts 500 connections per second in an account.
      throttle: { rateLimit: 500, burstLimit: 500 },
      accessLogSettings: accessLogOf(this, deployment, 'http'),
    })
    this.url = `${stage.url.replace(/\/$/, '')}${path}`
  }
}
