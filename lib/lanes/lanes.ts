import type { IConstruct } from 'constructs'
import { describeTopology, type Topology } from '../../adapters/rabbitmq/topology.ts'
import type { brokerSettings } from '../../lambdas/wiring/environment.ts'
import type { ChatFunction, Place } from '../functions/chat-function.ts'
import type { StackSettings } from '../settings/settings.ts'

/** How functions reach the lanes. */
export type Lanes = {
  readonly topology: Topology
  readonly variables: Readonly<Record<string, string>>
  /** Where a function has to run to connect. Undefined: anywhere. */
  readonly place: Place | undefined
  /** The broker's user. Undefined: it is in the address. */
  readonly secretArn: string | undefined
  /** What has to be there before anything is published or read. Undefined: somebody else sees to that. */
  readonly declared: IConstruct | undefined
}

export const topologyOf = ({ laneCounts, queuePrefix }: StackSettings): Topology =>
  describeTopology({ ...laneCounts, prefix: queuePrefix })

export const lanesVariables = ({ laneCounts, queuePrefix }: StackSettings, url: string, secretArn?: string) =>
  ({
    RABBITMQ_URL: url,
    ...(secretArn !== undefined && { RABBITMQ_SECRET_ARN: secretArn }),
    QUEUE_PREFIX: queuePrefix,
    LANES: String(laneCounts.lanes),
    BULK_LANES: String(laneCounts.bulkLanes),
  }) satisfies Partial<Record<keyof typeof brokerSettings, string>>

/** Lanes in a broker that is there already; whoever reads them declares them. */
export const lanesAt = (settings: StackSettings, url: string): Lanes => ({
  topology: topologyOf(settings),
  variables: lanesVariables(settings, url),
  place: undefined,
  secretArn: undefined,
  declared: undefined,
})

/** Lets a function publish, and has it wait until that can succeed. */
export const allowPublishing = (chatFunction: ChatFunction, { secretArn, declared }: Lanes): void => {
  if (secretArn !== undefined) chatFunction.allow(['secretsmanager:GetSecretValue'], [secretArn])
  if (declared) chatFunction.node.addDependency(declared)
}
