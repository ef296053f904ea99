import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { FunctionName } from '../../lambdas/routes.ts'
import { acknowledgeWildcards } from './acknowledge.ts'
import { type Deployment, metricsNamespace } from './deployment.ts'

/** Network and security group that a function runs in. */
export type Place = { readonly vpc: IVpc; readonly securityGroup: ISecurityGroup }

type Props = {
  readonly deployment: Deployment
  readonly name: FunctionName
  readonly description: string
  /** Fixed name, if it must be known before deployment. Default: chosen by CloudFormation, which can then replace it. */
  readonly functionName?: string | undefined
  /** Environment variables in addition to the common ones. */
  readonly variables?: Readonly<Record<string, string>>
  /** Memory in MB. CPU grows with it: 1,769 MB equal one CPU. Default: 512. */
  readonly memoryMb?: number
  /** Time limit in seconds. Default: 29, the time that API Gateway waits for an answer. */
  readonly timeoutSeconds?: number
  /** Network of the function. Default: none, so that all AWS APIs are reachable. */
  readonly place?: Place | undefined
  /** Reserved concurrency. Default: none; the function shares the account's rest. */
  readonly reservedConcurrency?: number | undefined
}

/** A function with the defaults of all functions. Initially it may only write its log. */
export class ChatFunction extends Construct {
  readonly handler: LambdaFunction
  readonly role: Role
  readonly logGroupName: string

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id)
    const { deployment, name, place, reservedConcurrency } = props
    const { settings, serviceName, architecture, bundles } = deployment
    const logGroup = new LogGroup(this, 'Log', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.logGroupName = logGroup.logGroupName
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn])
    if (place) this.allowNetworkInterfaces()
    this.handler = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture,
      code: Code.fromAsset(bundles[name].folder),
      handler: 'index.handler',
      memorySize: props.memoryMb ?? 512,
      timeout: Duration.seconds(props.timeoutSeconds ?? 29),
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: {
        SERVICE_NAME: serviceName,
        METRICS_NAMESPACE: metricsNamespace,
        LOG_LEVEL: settings.logLevel,
        ...props.variables,
      },
      ...(props.functionName !== undefined && { functionName: props.functionName }),
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      ...(place && { vpc: place.vpc, securityGroups: [place.securityGroup] }),
    })
  }

  /** Adds a permission. @param why reason for a wildcard in the resources, for cdk-nag */
  allow(actions: readonly string[], resources: readonly string[], why?: string): void {
    this.role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }))
    if (why !== undefined) acknowledgeWildcards(this.role, resources, why)
  }

  /** Allows network interfaces. Source: Lambda developer guide, "Giving Lambda functions access to resources in a VPC". */
  private allowNetworkInterfaces(): void {
    this.allow(
      [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      ['*'],
      'Lambda makes the network interfaces of a function in a network with its role, and knows no narrower resource',
    )
  }
}
