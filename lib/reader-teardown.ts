import { EsmDeleterIsCompleteFunction } from '@cdklabs/cdk-amazonmq/lib/mq-esm/esm-deleter.is-complete-function.js'
import { EsmDeleterOnEventFunction } from '@cdklabs/cdk-amazonmq/lib/mq-esm/esm-deleter.on-event-function.js'
import { ArnFormat, Aws, CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam'
import { type EventSourceMapping, type IFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { acknowledgeBasicExecution, acknowledgeWildcards } from './acknowledge.ts'
import type { Deployment } from './deployment.ts'
import { DeploymentStep } from './deployment-step.ts'

type Props = {
  readonly deployment: Deployment
  /** What the mappings invoke. */
  readonly target: IFunction
}

/** Lambda's default of 3 s is short for a cold start with the SDK and a call that is slow, and a failure keeps the stack. */
const patience = { timeout: Duration.minutes(2), memorySize: 512 }

/**
 * Sees to it that nothing is left of readers when they go. Lambda says that a mapping is deleted before it has deleted
 * its network interfaces, which it does with the function's role: CloudFormation would take the role away meanwhile,
 * and then fail to delete the groups and subnets that the interfaces hold on to. So a mapping is deleted first by this
 * step, which waits until they are gone. One for all readers: each of cdk-amazonmq's own brings five functions.
 */
export class ReaderTeardown extends Construct {
  private readonly serviceToken: string

  constructor(scope: Construct, id: string, { deployment, target }: Props) {
    super(scope, id)
    const runtime = Runtime.NODEJS_24_X
    const mappings = mappingsOf(this)
    const logGroup = new LogGroup(this, 'Log', {
      retention: deployment.settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const onEvent = new EsmDeleterOnEventFunction(this, 'OnEvent', {
      ...patience,
      runtime,
      logGroup,
      initialPolicy: [
        new PolicyStatement({
          actions: ['lambda:DeleteEventSourceMapping'],
          resources: [mappings],
          conditions: { ArnEquals: { 'lambda:FunctionArn': target.functionArn } },
        }),
      ],
    })
    const isComplete = new EsmDeleterIsCompleteFunction(this, 'IsComplete', {
      ...patience,
      runtime,
      logGroup,
      initialPolicy: [new PolicyStatement({ actions: ['ec2:DescribeNetworkInterfaces'], resources: ['*'] })],
    })
    for (const handler of [onEvent, isComplete]) {
      acknowledgeBasicExecution(handler, "cdk-amazonmq's functions write logs by the policy that AWS manages")
    }
    acknowledgeWildcards(
      onEvent,
      [mappings],
      'Mappings are told by the function that they invoke: see the condition',
    )
    acknowledgeWildcards(
      isComplete,
      ['*'],
      'EC2 knows no narrower resource for looking at network interfaces',
    )
    this.serviceToken = new DeploymentStep(this, 'Deleting', { deployment, onEvent, isComplete }).serviceToken
  }

  /** @param role what the mapping deletes its network interfaces with */
  see(reader: EventSourceMapping, role: Role): void {
    const teardown = new CustomResource(reader, 'Teardown', {
      serviceToken: this.serviceToken,
      properties: { MqType: 'armq', EsmId: reader.eventSourceMappingId, AccountId: Aws.ACCOUNT_ID },
    })
    teardown.node.addDependency(role)
  }
}

const mappingsOf = (scope: Construct): string =>
  Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'event-source-mapping',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
