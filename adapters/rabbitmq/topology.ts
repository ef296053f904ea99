import type { Channel } from 'amqplib'
import { isBulkLane, type Lane, type LaneCounts, laneDelaysMs, laneNames } from '../../core/domain/lanes.ts'
import { defaultDeliveryLimit } from '../../core/domain/redelivery.ts'

type Options = LaneCounts & {
  /** Sets one deployment, or one test, apart from the others on its broker. Default: `chat`. */
  readonly prefix?: string
  /** Changes with whatever argument of a queue changes that its name does not hold. Default: `v1`. */
  readonly version?: string
  /**
   * How often a record comes again before it is dead-lettered. Said explicitly because RabbitMQ before 4.0 has no
   * limit of its own. Default: `defaultDeliveryLimit`.
   */
  readonly deliveryLimit?: number
}

type Exchange = { readonly name: string; readonly type: 'direct' | 'fanout' }

type Queue = {
  readonly name: string
  readonly arguments: Readonly<Record<string, string | number | boolean>>
  readonly binding: { readonly exchange: string; readonly routingKey: string }
}

/** The names and arguments of everything that the lanes need in a broker. */
export type Topology = {
  readonly laneCounts: LaneCounts
  readonly deliveryLimit: number
  /** Jobs are published here, with the lane as routing key. */
  readonly jobsExchange: string
  readonly deadLetterExchange: string
  readonly deadLetterQueue: string
  /** Who looks at the dead letters holds an exclusive queue of this name, so that one at a time does. */
  readonly deadLetterLock: string
  /** Jobs are published here, with the lane as routing key, to reach that lane so much later. */
  readonly delayExchange: (delayMs: number) => string
  readonly laneQueue: (lane: Lane) => string
  readonly exchanges: readonly Exchange[]
  readonly queues: readonly Queue[]
}

/**
 * Describes the lanes in RabbitMQ 3.10 to 4.x without talking to one.
 *
 * A queue's arguments cannot be changed, so names carry the counts that routing depends on, and a version. The
 * exchange of the jobs and the delays carry both counts: two deployments with other counts live side by side until
 * the older lanes have run empty.
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
    // Without a dead-letter routing key, an expired job keeps its own: the lane.
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
      // A fanout for each delay: the routing key is needed for the lane, and cannot choose the delay as well.
      ...laneDelaysMs.map((delayMs) => ({ name: delayExchange(delayMs), type: 'fanout' as const })),
    ],
    queues: [
      {
        name: deadLetterQueue,
        // Out of reach: looking at a dead letter and putting it back must not be what removes it.
        arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 },
        binding: { exchange: deadLetterExchange, routingKey: '' },
      },
      ...delayQueues,
      ...laneQueues,
    ],
  }
}

/** The topology whose jobs are published to an exchange of this name; undefined where it is no such name. */
export const topologyAt = (jobsExchange: string): Topology | undefined => {
  const [, prefix, version, lanes, bulkLanes] =
    /^(.+)\.(v\d+)\.jobs\.(\d+)-lanes-(\d+)-bulk$/.exec(jobsExchange) ?? []
  return prefix === undefined || version === undefined
    ? undefined
    : describeTopology({ prefix, version, lanes: Number(lanes), bulkLanes: Number(bulkLanes) })
}

/** Creates what is not there yet. Rejects, and the broker closes the channel, where something differs from the description. */
export const declareTopology = async (channel: Channel, { exchanges, queues }: Topology): Promise<void> => {
  for (const { name, type } of exchanges) await channel.assertExchange(name, type, { durable: true })
  for (const { name, arguments: queueArguments, binding } of queues) {
    await channel.assertQueue(name, { durable: true, arguments: queueArguments })
    await channel.bindQueue(name, binding.exchange, binding.routingKey)
  }
}

/** Removes all of it, with every job and dead letter inside. */
export const deleteTopology = async (channel: Channel, { exchanges, queues }: Topology): Promise<void> => {
  for (const { name } of queues) await channel.deleteQueue(name)
  for (const { name } of exchanges) await channel.deleteExchange(name)
}

/** At-least-once dead-lettering is for quorum queues that refuse what they cannot hold, instead of dropping the oldest. */
const durablyDeadLettered = (exchange: string) => ({
  'x-queue-type': 'quorum',
  'x-dead-letter-exchange': exchange,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
})
