import type { IConstruct } from 'constructs'
import { describeTopology, type Topology } from '../../adapters/rabbitmq/topology.ts'
import type { brokerSettings } from '../../lambdas/wiring/environment.ts'
import type { ChatFunction, Place } from '../functions/chat-function.ts'
import type { StackSettings } from '../settings/settings.ts'

/** Access of functions to the lanes. */
export type Lanes = {
  readonly topology: Topology
  /** Environment variables of a function that publishes. */
  readonly variables: Readonly<Record<string, string>>
  /** Network in which a function can reach the broker; undefined means anywhere. */
  readonly place: Place | undefined
  /** Secret with the broker's user; undefined if the URL contains the user. */
  readonly secretArn: string | undefined
  /** Resource that declares the topology; undefined if a process outside the stack declares it. */
  readonly declared: IConstruct | undefined
}

/** Describes exchanges and queues of a deployment. */
export const topologyOf = ({ laneCounts, queuePrefix }: StackSettings): Topology =>
  describeTopology({ ...laneCounts, prefix: queuePrefix })

/** Environment variables that locate the lanes. */
export const lanesVariables = ({ laneCounts, queuePrefix }: StackSettings, url: string, secretArn?: string) =>
  ({
    RABBITMQ_URL: url,
    ...(secretArn !== undefined && { RABBITMQ_SECRET_ARN: secretArn }),
    QUEUE_PREFIX: queuePrefix,
    LANES: String(laneCounts.lanes),
    BULK_LANES: String(laneCounts.bulkLanes),
  }) satisfies Partial<Record<keyof typeof brokerSettings, string>>

/** Lanes in an existing broker. The process that reads them declares them. */
export const lanesAt = (settings: StackSettings, url: string): Lanes => ({
  topology: topologyOf(settings),
  variables: lanesVariables(settings, url),
  place: undefined,
  secretArn: undefined,
  declared: undefined,
})

/** Allows a function to publish, and creates it only after the topology is declared. */
export const allowPublishing = (chatFunction: ChatFunction, { secretArn, declared }: Lanes): void => {
  if (secretArn !== undefined) chatFunction.allow(['secretsmanager:GetSecretValue'], [secretArn])
  if (declared) chatFunction.node.addDependency(declared)
}
