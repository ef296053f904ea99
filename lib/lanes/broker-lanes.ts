import { createHash } from 'node:crypto'
import { CustomResource } from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { Topology } from '../../adapters/rabbitmq/topology.ts'
import { ChatFunction, type Place } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import { DeploymentStep } from '../functions/deployment-step.ts'
import type { AwsTarget } from '../settings/settings.ts'
import { Broker } from './broker.ts'
import { allowPublishing, type Lanes, lanesVariables, topologyOf } from './lanes.ts'
import { Network } from './network.ts'

type Props = { readonly deployment: Deployment; readonly target: AwsTarget }

/** A broker of our own, with its network, and the lanes in it. */
export class BrokerLanes extends Construct implements Lanes {
  readonly topology: Topology
  readonly variables: Readonly<Record<string, string>>
  readonly place: Place
  readonly secretArn: string
  readonly broker: Broker
  readonly declared: CustomResource
  /** What declares them, and empties those of the deployment before. */
  readonly declareTopology: ChatFunction
  /** What an operator looks at dead letters with. */
  readonly deadLetters: ChatFunction

  constructor(scope: Construct, id: string, { deployment, target }: Props) {
    super(scope, id)
    const { settings } = deployment
    const network = new Network(this, 'Network', { target })
    this.broker = new Broker(this, 'Broker', { deployment, target, network })
    this.topology = topologyOf(settings)
    this.secretArn = this.broker.secret.secretArn
    this.variables = lanesVariables(settings, this.broker.url, this.secretArn)
    this.place = { vpc: network.vpc, securityGroup: network.publisherGroup }
    this.declareTopology = this.declareTopologyIn(deployment)
    this.declared = this.topologyIn(deployment)
    // The broker can be reached when the rules of the groups are there, which are resources of their own.
    this.declared.node.addDependency(network)
    this.deadLetters = this.deadLettersIn(deployment)
  }

  private declareTopologyIn(deployment: Deployment): ChatFunction {
    const declareTopology = new ChatFunction(this, 'DeclareTopology', {
      deployment,
      name: 'declare-topology',
      description:
        'Declares exchanges and queues when the stack is deployed, and empties lanes that have other names now',
      variables: this.variables,
      place: this.place,
      // Longer than the patience of retireTopology, and shorter than the 15 minutes that CDK's framework waits.
      timeoutSeconds: 600,
    })
    declareTopology.allow(['secretsmanager:GetSecretValue'], [this.secretArn])
    return declareTopology
  }

  /** Exchanges and queues, in the words of the module that publishes to them: again whenever they change. */
  private topologyIn(deployment: Deployment): CustomResource {
    const { exchanges, queues, jobsExchange } = this.topology
    const { serviceToken } = new DeploymentStep(this, 'Declaring', {
      deployment,
      onEvent: this.declareTopology.handler,
    })
    const shape = createHash('sha256').update(JSON.stringify({ exchanges, queues })).digest('hex')
    return new CustomResource(this, 'Topology', {
      serviceToken,
      properties: { Broker: this.broker.arn, Jobs: jobsExchange, Shape: shape },
    })
  }

  private deadLettersIn(deployment: Deployment): ChatFunction {
    const deadLetters = new ChatFunction(this, 'DeadLetters', {
      deployment,
      name: 'dead-letters',
      description: 'npm run dead-letters, for an operator who cannot reach the broker',
      variables: this.variables,
      place: this.place,
      // As long as a function may run, and as much as tens of thousands of them take: all are in its hand at once.
      timeoutSeconds: 900,
      memoryMb: 1769,
    })
    allowPublishing(deadLetters, this)
    return deadLetters
  }
}
