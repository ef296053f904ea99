import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { type IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Provider } from 'aws-cdk-lib/custom-resources'
import { Construct } from 'constructs'
import { acknowledge, acknowledgeBasicExecution, acknowledgeWildcards } from './acknowledge.ts'
import type { Deployment } from './deployment.ts'

type Props = {
  readonly deployment: Deployment
  readonly onEvent: IFunction
  /** Function that is polled every minute, for steps that take longer than a function may run. */
  readonly isComplete?: IFunction
}

/** Runs functions during a deployment, as CloudFormation custom resources, with CDK's provider framework. */
export class DeploymentStep extends Construct {
  readonly serviceToken: string

  constructor(scope: Construct, id: string, { deployment, onEvent, isComplete }: Props) {
    super(scope, id)
    const logGroup = new LogGroup(this, 'Log', {
      retention: deployment.settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const provider = new Provider(this, 'Provider', {
      onEventHandler: onEvent,
      ...(isComplete && {
        isCompleteHandler: isComplete,
        queryInterval: Duration.minutes(1),
        totalTimeout: Duration.minutes(60),
        disableWaiterStateMachineLogging: true,
      }),
      logGroup,
    })
    this.serviceToken = provider.serviceToken
    acknowledgeFramework(provider, [onEvent, ...(isComplete ? [isComplete] : [])])
  }
}

const acknowledgeFramework = (provider: Provider, handlers: readonly IFunction[]): void => {
  const ofFramework = provider.node.children.filter((child) => child instanceof LambdaFunction)
  const why = "CDK's framework invokes functions at any version; each is named"
  acknowledgeWildcards(
    provider,
    [...handlers, ...ofFramework].map(({ functionArn }) => `${functionArn}:*`),
    why,
  )
  acknowledgeBasicExecution(
    provider,
    "CDK's framework has its functions write logs by the policy that AWS manages",
  )
  acknowledge(provider, {
    SF1: 'It asks one function once a minute, which has a log of its own',
    SF2: 'It asks one function once a minute: there is nothing to trace',
  })
}
