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

/** The deployment's own broker with its network and lanes. */
export class BrokerLanes extends Construct implements Lanes {
  readonly topology: Topology
  readonly variables: Readonly<Record<string, string>>
  readonly place: Place
  readonly secretArn: string
  readonly broker: Broker
  readonly declared: CustomResource
  /** Function that declares the lanes and empties those of the previous deployment. */
  readonly declareTopology: ChatFunction
  /** Function that gives operators access to dead letters. */
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
    // The broker is reachable only after the security groups' rules, which are separate resources.
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
      // Longer than the time limit of retireTopology, and shorter than the 15 minutes that CDK's framework waits.
      timeoutSeconds: 600,
    })
    declareTopology.allow(['secretsmanager:GetSecretValue'], [this.secretArn])
    return declareTopology
  }

  /** Declares exchanges and queues by the code that uses them, again whenever their names or arguments change. */
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
      // The maximum run time, and memory for tens of thousands of dead letters, which it holds at the same time.
      timeoutSeconds: 900,
      memoryMb: 1769,
    })
    allowPublishing(deadLetters, this)
    return deadLetters
  }
}
