import { RemovalPolicy } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import { LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
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
 * One JSON object for each request: nothing that a client sent but its route, since the query string holds the token; and
 * no text of an error, in which a quotation mark would end the JSON.
 */
export const accessLogOf = (scope: Construct, deployment: Deployment, kind: 'socket' | 'http') => {
  const fields = [...common, ...(kind === 'socket' ? ofSocket : ofHttp)]
  // The service for the dimension of metrics that are made of this log. All in quotes: what is absent is written as `-`.
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
