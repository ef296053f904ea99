import type { Environment } from '../../adapters/settings/read-settings.ts'
import { type LaneCounts, laneNames } from '../../core/domain/lanes.ts'

export const brokerSizes = ['small', 'cluster'] as const

export type BrokerSize = (typeof brokerSizes)[number]

type Broker = {
  readonly instanceType: string
  /** What Amazon MQ lets connect to one node unless it is told otherwise. */
  readonly connections: number
  /** Availability zones that have to do with it: those of the functions that publish, and of the endpoints. */
  readonly zones: number
}

/**
 * Amazon MQ developer guide, "Default resource limits" of RabbitMQ 4.2. In a cluster nothing spreads connections
 * evenly, and two nodes must do for three: what one takes is what counts.
 */
export const brokers: Readonly<Record<BrokerSize, Broker>> = {
  small: { instanceType: 'm7g.medium', connections: 100, zones: 1 },
  cluster: { instanceType: 'm7g.large', connections: 500, zones: 2 },
}

/**
 * The rest is for what dies slowly (a frozen environment's connection lives for two heartbeats), for an operator, and for
 * the lanes of the deployment before, which are read until those of this one are.
 */
const usableShare = 0.8

/** What declares the topology reads the lanes of the deployment before with one, and publishes with the other. */
const topologyConnections = 2

export const usableConnections = (size: BrokerSize): number =>
  Math.floor(brokers[size].connections * usableShare)

type Users = {
  readonly brokerSize: BrokerSize
  /** Undefined: nothing is reserved, so nothing can be said. */
  readonly concurrency: { readonly send: number; readonly publish: number } | undefined
}

/** What is wrong with the zones that were named, if any were. */
export const zonesProblem = ({
  brokerSize,
  availabilityZones,
}: {
  readonly brokerSize: BrokerSize
  readonly availabilityZones: readonly string[] | undefined
}): string | undefined => {
  const { zones } = brokers[brokerSize]
  return availabilityZones === undefined || availabilityZones.length === zones
    ? undefined
    : `AVAILABILITY_ZONES must name ${zones} for the ${brokerSize} broker`
}

/** What is wrong where more would connect than the broker takes; a connection that is refused is a message refused. */
export const connectionsProblem = (
  { brokerSize, concurrency }: Users,
  laneCounts: LaneCounts,
): string | undefined => {
  if (concurrency === undefined) return undefined
  const { send, publish } = concurrency
  const lanes = laneNames(laneCounts).length
  const sum = send + publish + lanes + topologyConnections
  const usable = usableConnections(brokerSize)
  if (sum <= usable) return undefined
  return (
    `SEND_CONCURRENCY (${send}), PUBLISH_CONCURRENCY (${publish}), one for each lane (${lanes}) and ` +
    `${topologyConnections} for the topology make ${sum} connections, and the ${brokerSize} broker should have at most ` +
    `${usable}: lower them${brokerSize === 'small' ? ' or set BROKER_SIZE to cluster' : ''}`
  )
}

/** What is in another region than the deployment, as far as that is known before it begins: it cannot be used. */
export const regionProblems = (variables: Environment): readonly string[] => {
  // CDK sets the first to what it deploys to, by whatever way it has found that.
  const region = variables.CDK_DEFAULT_REGION || variables.AWS_REGION || variables.AWS_DEFAULT_REGION
  if (!region) return []
  const here = (regionOfIt: string | undefined) => regionOfIt === undefined || regionOfIt === region
  const named = [
    'CERTIFICATE_ARN',
    'ALARM_TOPIC_ARN',
    ...(variables.AUTH_MODE === 'secret' ? ['AUTH_SECRET_ARN'] : []),
  ]
  const strangers = named.filter((name) => !here(variables[name]?.trim().split(':')[3]))
  const zones = (variables.AVAILABILITY_ZONES ?? '').split(',').map((zone) => zone.trim())
  const isElsewhere = zones.some((zone) => zone !== '' && !zone.startsWith(region))
  return [...strangers, ...(isElsewhere ? ['AVAILABILITY_ZONES'] : [])].map(
    (name) => `${name} must be in ${region}, where the deployment goes (AWS_REGION)`,
  )
}
