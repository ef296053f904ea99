import type { Channel } from 'amqplib'
import { isBulkLane, type Lane, type LaneCounts, laneDelaysMs, laneNames } from '../../core/domain/lanes.ts'
import { defaultDeliveryLimit } from '../../core/domain/redelivery.ts'

type Options = LaneCounts & {
  /** Prefix that separates deployments and tests on one broker. Default: `chat`. */
  readonly prefix?: string
  /** Version, which changes with arguments of queues that their names do not contain. Default: `v1`. */
  readonly version?: string
  /**
   * Redeliveries of a record before it becomes a dead letter. Set explicitly, because RabbitMQ before 4.0 has no limit of its
   * own. Default: `defaultDeliveryLimit`.
   */
  readonly deliveryLimit?: number
}

type Exchange = { readonly name: string; readonly type: 'direct' | 'fanout' }

type Queue = {
  readonly name: string
  readonly arguments: Readonly<Record<string, string | number | boolean>>
  readonly binding: { readonly exchange: string; readonly routingKey: string }
}

/** Names and arguments of all exchanges and queues of the lanes. */
export type Topology = {
  readonly laneCounts: LaneCounts
  readonly deliveryLimit: number
  /** Exchange of the jobs; the routing key is the lane. */
  readonly jobsExchange: string
  readonly deadLetterExchange: string
  readonly deadLetterQueue: string
  /** Name of the exclusive queue that locks the dead letters, so that one process at a time reads them. */
  readonly deadLetterLock: string
  /** Exchanges of delayed jobs by delay in ms; the routing key is the lane. */
  readonly delayExchange: (delayMs: number) => string
  readonly laneQueue: (lane: Lane) => string
  readonly exchanges: readonly Exchange[]
  readonly queues: readonly Queue[]
}

/**
 * Describes the lanes for RabbitMQ 3.10 to 4.x without contacting a broker.
 *
 * A queue's arguments cannot change, so names contain a version and the counts that routing depends on. The exchanges of jobs
 * and delays contain both counts. Two deployments with different counts can exist until the older lanes are empty.
 */
export const describeTopology = ({
  lanes,
  bulkLanes,
  prefix = 'chat',
  version = 'v1',
  deliveryLimit = defaultDeliveryLimit,
}: Options): Topology => {
  const base = `${prefix}.${version}`
  const counts = `${lanes}-lanes-${bulkLanes}-bulk`
  const jobsExchange = `${base}.jobs.${counts}`
  const deadLetterExchange = `${base}.dead-letters`
  const deadLetterQueue = `${base}.dead-letters`
  const delayExchange = (delayMs: number) => `${base}.delay-${delayMs}ms.${counts}`
  const laneQueue = (lane: Lane) => `${base}.${lane}-of-${isBulkLane(lane) ? bulkLanes : lanes}`

  const laneQueues = laneNames({ lanes, bulkLanes }).map((lane) => ({
    name: laneQueue(lane),
    arguments: {
      ...durablyDeadLettered(deadLetterExchange),
      'x-single-active-consumer': true,
      'x-delivery-limit': deliveryLimit,
    },
    binding: { exchange: jobsExchange, routingKey: lane },
  }))
  const delayQueues = laneDelaysMs.map((delayMs) => ({
    name: delayExchange(delayMs),
    // Without a dead-letter routing key, an expired job keeps its own, which is the lane.
    arguments: { ...durablyDeadLettered(jobsExchange), 'x-message-ttl': delayMs },
    binding: { exchange: delayExchange(delayMs), routingKey: '' },
  }))
  return {
    laneCounts: { lanes, bulkLanes },
    deliveryLimit,
    jobsExchange,
    deadLetterExchange,
    deadLetterQueue,
    deadLetterLock: `${deadLetterQueue}.lock`,
    delayExchange,
    laneQueue,
    exchanges: [
      { name: jobsExchange, type: 'direct' },
      { name: deadLetterExchange, type: 'fanout' },
      // One fanout exchange per delay: the routing key is the lane and cannot select the delay as well.
      ...laneDelaysMs.map((delayMs) => ({ name: delayExchange(delayMs), type: 'fanout' as const })),
    ],
    queues: [
      {
        name: deadLetterQueue,
        // Unreachable limit: reading and returning dead letters must not remove them.
        arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 },
        binding: { exchange: deadLetterExchange, routingKey: '' },
      },
      ...delayQueues,
      ...laneQueues,
    ],
  }
}

/** Returns the topology of a jobs exchange by its name; undefined for another name. */
export const topologyAt = (jobsExchange: string): Topology | undefined => {
  const [, prefix, version, lanes, bulkLanes] =
    /^(.+)\.(v\d+)\.jobs\.(\d+)-lanes-(\d+)-bulk$/.exec(jobsExchange) ?? []
  return prefix === undefined || version === undefined
    ? undefined
    : describeTopology({ prefix, version, lanes: Number(lanes), bulkLanes: Number(bulkLanes) })
}

/** Creates missing exchanges and queues. If one differs, it rejects and the broker closes the channel. */
export const declareTopology = async (channel: Channel, { exchanges, queues }: Topology): Promise<void> => {
  for (const { name, type } of exchanges) await channel.assertExchange(name, type, { durable: true })
  for (const { name, arguments: queueArguments, binding } of queues) {
    await channel.assertQueue(name, { durable: true, arguments: queueArguments })
    await channel.bindQueue(name, binding.exchange, binding.routingKey)
  }
}

/** Deletes all exchanges and queues, with every job and dead letter in them. */
export const deleteTopology = async (channel: Channel, { exchanges, queues }: Topology): Promise<void> => {
  for (const { name } of queues) await channel.deleteQueue(name)
  for (const { name } of exchanges) await channel.deleteExchange(name)
}

/** Arguments of a queue with at-least-once dead-lettering, which requires quorum queues that reject on overflow. */
const durablyDeadLettered = (exchange: string) => ({
  'x-queue-type': 'quorum',
  'x-dead-letter-exchange': exchange,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
})
