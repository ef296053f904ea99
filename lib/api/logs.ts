import { RemovalPolicy } from 'aws-cdk-lib'
import { AccessLogFormat, CfnAccount } from 'aws-cdk-lib/aws-apigateway'
import { LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2'
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { acknowledge } from '../functions/acknowledge.ts'
import type { Deployment } from '../functions/deployment.ts'

const common = [
  'requestId',
  'requestTime',
  'routeKey',
  'status',
  'identity.sourceIp',
  'responseLength',
] as const
const ofSocket = [
  'eventType',
  'connectionId',
  'error.responseType',
  'integration.status',
  'authorizer.status',
] as const
const ofHttp = ['httpMethod', 'error.responseType', 'integration.status'] as const

/**
 * Creates an access log with one JSON object per request. It contains nothing that a client sent except the route,
 * because the query string holds the token. It contains no error texts, whose quotation marks would break the JSON.
 */
export const accessLogOf = (scope: Construct, deployment: Deployment, kind: 'socket' | 'http') => {
  const fields = [...common, ...(kind === 'socket' ? ofSocket : ofHttp)]
  // `service` becomes a dimension of metrics. All values are quoted, because absent ones are written as `-`.
  const format = {
    service: deployment.serviceName,
    ...Object.fromEntries(fields.map((field) => [field, `$context.${field}`])),
  }
  const logGroup = new LogGroup(scope, 'AccessLog', {
    retention: deployment.settings.logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  return {
    logGroup,
    destination: new LogGroupLogDestination(logGroup),
    format: AccessLogFormat.custom(JSON.stringify(format)),
  }
}

/**
 * Role with which API Gateway writes the logs of all WebSocket APIs of an account and region. It outlives the stack,
 * because other APIs may depend on it by then.
 */
export class AccountLogRole extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id)
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs'),
      ],
    })
    role.applyRemovalPolicy(RemovalPolicy.RETAIN)
    const account = new CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn })
    account.applyRemovalPolicy(RemovalPolicy.RETAIN)
    acknowledge(role, {
      'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
        'API Gateway developer guide: the policy that the role of an account has to have',
    })
  }
}
