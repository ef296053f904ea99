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
  /** Function that the mappings invoke. */
  readonly target: IFunction
}

/**
 * Deletes lane readers completely when they leave the stack. docs/design/maintenance.md says when this matters.
 *
 * Lambda reports a mapping as deleted before it deletes the mapping's network interfaces, for which it needs the
 * function's role. CloudFormation would delete the role in between and then fail on groups and subnets that the
 * interfaces still use. So this step deletes a mapping first and waits until its interfaces are gone.
 *
 * One step serves all readers: each of cdk-amazonmq's own would add five functions. The deletion is the project's own,
 * because theirs fails if it is repeated.
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
      // The function waits for a busy mapping.
      timeoutSeconds: 120,
    })
    deleteReader.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['lambda:DeleteEventSourceMapping'],
        resources: [mappings],
        conditions: { ArnEquals: { 'lambda:FunctionArn': target.functionArn } },
      }),
    )
    // Without the condition on the function: a deleted mapping invokes nothing.
    deleteReader.allow(
      ['lambda:GetEventSourceMapping'],
      [mappings],
      'Mappings have ids that Lambda makes up; those that may be deleted are told by the function that they invoke',
    )
    const isComplete = new EsmDeleterIsCompleteFunction(this, 'IsComplete', {
      runtime: Runtime.NODEJS_24_X,
      // Lambda's default of 3 s is too short for a cold start and a slow call, and a failure would keep the stack.
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

  /** Watches a mapping. @param role identity with which Lambda deletes the mapping's network interfaces */
  watch(reader: EventSourceMapping, role: Role): void {
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
