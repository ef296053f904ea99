import { EsmDeleterIsCompleteFunction } from '@cdklabs/cdk-amazonmq/lib/mq-esm/esm-deleter.is-complete-function.js'
import { ArnFormat, Aws, CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam'
import { type EventSourceMapping, type IFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { acknowledgeBasicExecution, acknowledgeWildcards } from '../functions/acknowledge.ts'
import { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import { DeploymentStep } from '../functions/deployment-step.ts'

type Props = {
  readonly deployment: Deployment
  /** What the mappings invoke. */
  readonly target: IFunction
}

/**
 * Sees to it that nothing is left of readers when they go. Lambda says that a mapping is deleted before it has deleted
 * its network interfaces, which it does with the function's role: CloudFormation would take the role away meanwhile,
 * and then fail to delete the groups and subnets that the interfaces hold on to. So a mapping is deleted first by this
 * step, which waits until they are gone. One for all readers, where each of cdk-amazonmq's own brings five functions; and
 * with a deletion of our own, since theirs fails where it has been tried before.
 */
export class ReaderTeardown extends Construct {
  private readonly serviceToken: string

  constructor(scope: Construct, id: string, { deployment, target }: Props) {
    super(scope, id)
    const mappings = mappingsOf(this)
    const logGroup = new LogGroup(this, 'Log', {
      retention: deployment.settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const deleteReader = new ChatFunction(this, 'DeleteReader', {
      deployment,
      name: 'delete-reader',
      description: 'Deletes the reader of a lane before what Lambda needs to take it down',
      // A mapping that is busy is waited for.
      timeoutSeconds: 120,
    })
    deleteReader.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['lambda:DeleteEventSourceMapping'],
        resources: [mappings],
        conditions: { ArnEquals: { 'lambda:FunctionArn': target.functionArn } },
      }),
    )
    // Without the condition: one that is gone invokes nothing.
    deleteReader.allow(
      ['lambda:GetEventSourceMapping'],
      [mappings],
      'Mappings have ids that Lambda makes up; those that may be deleted are told by the function that they invoke',
    )
    const isComplete = new EsmDeleterIsCompleteFunction(this, 'IsComplete', {
      runtime: Runtime.NODEJS_24_X,
      // Lambda's default of 3 s is short for a cold start with the SDK and a call that is slow, and a failure keeps the stack.
      timeout: Duration.minutes(2),
      memorySize: 512,
      logGroup,
      initialPolicy: [new PolicyStatement({ actions: ['ec2:DescribeNetworkInterfaces'], resources: ['*'] })],
    })
    acknowledgeBasicExecution(
      isComplete,
      "cdk-amazonmq's function writes its log by the policy that AWS manages",
    )
    acknowledgeWildcards(
      isComplete,
      ['*'],
      'EC2 knows no narrower resource for looking at network interfaces',
    )
    this.serviceToken = new DeploymentStep(this, 'Deleting', {
      deployment,
      onEvent: deleteReader.handler,
      isComplete,
    }).serviceToken
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
