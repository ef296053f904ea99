import type { Environment } from '../../adapters/settings/read-settings.ts'
import { type LaneCounts, laneNames } from '../../core/domain/lanes.ts'

/** Values of BROKER_SIZE. */
export const brokerSizes = ['small', 'cluster'] as const

export type BrokerSize = (typeof brokerSizes)[number]

/** Facts about a broker size that settings are checked against. */
type Broker = {
  readonly instanceType: string
  /** Connections that Amazon MQ allows per node by default. */
  readonly connections: number
  /** Number of availability zones of the network: for the functions that publish and for the endpoints. */
  readonly zones: number
}

/**
 * Facts by broker size. Source: Amazon MQ developer guide, "Default resource limits" of RabbitMQ 4.2. In a cluster,
 * connections are not spread evenly and two nodes must suffice, so the limit of one node counts.
 */
export const brokers: Readonly<Record<BrokerSize, Broker>> = {
  small: { instanceType: 'm7g.medium', connections: 100, zones: 1 },
  cluster: { instanceType: 'm7g.large', connections: 500, zones: 2 },
}

/**
 * Share of the connections that functions may use. The rest is for connections that die slowly, such as a frozen
 * environment's, which lives for two heartbeats. It is also for operators and the previous deployment's lanes.
 */
const usableShare = 0.8

/** Connections of `declare-topology`: one reads the previous deployment's lanes, the other publishes. */
const topologyConnections = 2

/** Number of connections that functions may use. */
export const usableConnections = (size: BrokerSize): number =>
  Math.floor(brokers[size].connections * usableShare)

type Users = {
  readonly brokerSize: BrokerSize
  /** Reserved concurrency; undefined if none is reserved, so that connections cannot be counted. */
  readonly concurrency: { readonly send: number; readonly publish: number } | undefined
}

/** Checks the number of availability zones. @returns the problem in words, or undefined */
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
    : `AVAILABILITY_ZONES must name ${zones} ${zones === 1 ? 'zone' : 'zones'} for the ${brokerSize} broker`
}

/** Checks that the broker has enough connections, because a refused connection refuses a message. @returns the problem */
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
    `${topologyConnections} for the topology make ${sum} connections, but the ${brokerSize} broker should have at most ` +
    `${usable}: lower them${brokerSize === 'small' ? ' or set BROKER_SIZE to cluster' : ''}`
  )
}

/** Lists settings that name resources in another region than the deployment's, as far as it is known. */
export const regionProblems = (variables: Environment): readonly string[] => {
  // CDK sets the first variable to the region that it deploys to.
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
    (name) => `${name} must be in ${region}, the region of the deployment (AWS_REGION)`,
  )
}
