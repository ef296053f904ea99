import type { Channel, ConsumeMessage } from 'amqplib'
import { decodeJob } from '../../core/domain/job.ts'
import { laneNames, laneOfJob } from '../../core/domain/lanes.ts'
import { pause } from '../../core/domain/pause.ts'
import type { IdSource, Telemetry } from '../../core/ports.ts'
import type { BrokerConnection } from './connection.ts'
import { deadLetterHeaders } from './dead-letter.ts'
import { notFound, openChannel, replyCodeOf } from './dead-letter-queue.ts'
import { openLaneChannel } from './lane-channel.ts'
import type { Session } from './session.ts'
import { makeSurePublish } from './sure-publish.ts'
import type { Topology } from './topology.ts'

type Deps = {
  /** Makes a connection: one to read with, and one to publish with. */
  readonly connect: () => BrokerConnection
  readonly newId: IdSource
  readonly telemetry: Telemetry
  /** How long the delays and the lanes may take to run empty, all together. Default: 9 minutes. */
  readonly patienceMs?: number
}

type Topologies = {
  /** Nobody publishes there any more. */
  readonly retired: Topology
  /** Declared already. */
  readonly successor: Topology
}

/** How long it is quiet before a queue is asked whether it is empty. Ours. */
const quietMs = 1_000

/**
 * Moves what is left in the lanes of a topology into those of its successor, and removes the lanes and delays that only
 * the retired one has: without it, what they hold when a deployment changes `LANES` would be pushed to nobody. Dead
 * letters stay. Who still publishes there learns that it is gone, so that no message is lost without a word. What was
 * begun can be begun again.
 *
 * @throws Error if somebody still reads a lane when patience ends: it is left as it is, with what is in it
 */
export const retireTopology = async (
  { retired, successor }: Topologies,
  { connect, newId, telemetry, patienceMs = 9 * 60_000 }: Deps,
): Promise<void> => {
  if (retired.jobsExchange === successor.jobsExchange) return
  const [reading, publishing] = [connect(), connect()]
  const over = AbortSignal.timeout(patienceMs)
  try {
    const session = await reading.open()
    const channel = await openChannel(session)
    await endDelays(retired, session, channel, over)
    await channel.deleteExchange(retired.jobsExchange)
    const move = makeMove(successor, makeSurePublish({ connection: publishing, newId, telemetry }))
    const moved = await Promise.all(
      onlyIn(retired, successor).map((queue) => endLane(queue, { session, channel, over, move })),
    )
    const jobs = moved.reduce((sum, count) => sum + count, 0)
    telemetry.info('Retired the lanes of the deployment before', { ...retired.laneCounts, moved: jobs })
  } finally {
    await Promise.all([reading.close(), publishing.close()])
  }
}

/** A lane bears its own count only: where the number of bulk lanes changes, the others go on. */
const onlyIn = (retired: Topology, successor: Topology): readonly string[] => {
  const kept = laneNames(successor.laneCounts).map(successor.laneQueue)
  return laneNames(retired.laneCounts)
    .map(retired.laneQueue)
    .filter((queue) => !kept.includes(queue))
}

/** Takes nothing more into the delays, and waits until all of it has come into its lane. */
const endDelays = async (
  { queues, jobsExchange }: Topology,
  session: Session,
  channel: Channel,
  over: AbortSignal,
): Promise<void> => {
  const delays = queues.filter(({ arguments: of }) => of['x-dead-letter-exchange'] === jobsExchange)
  for (const { binding } of delays) await channel.deleteExchange(binding.exchange)
  for (const { name } of delays) {
    if (!(await exists(session, name))) continue
    while ((await channel.checkQueue(name)).messageCount > 0) await pauseUnless(over, name)
  }
  // What expired last may still be on its way into its lane.
  await pauseUnless(over, jobsExchange)
  for (const { name } of delays) await channel.deleteQueue(name)
}

type Drain = {
  readonly session: Session
  /** To look with. */
  readonly channel: Channel
  readonly over: AbortSignal
  readonly move: (message: ConsumeMessage) => Promise<void>
}

/** Moves all that is in a queue, removes it, and resolves with how much that was. */
const endLane = async (queue: string, how: Drain): Promise<number> => {
  const { session, channel, over } = how
  if (!(await exists(session, queue))) return 0
  let moved = 0
  for (;;) {
    const { messageCount, consumerCount } = await channel.checkQueue(queue)
    // Somebody else reads it, as the event source does until its mapping is gone, and may have some in hand. A consumer
    // and what it has leave together, ours as well: what is said to be empty and unread is.
    if (consumerCount > 0) await pauseUnless(over, queue)
    else if (messageCount > 0) moved += await drain(queue, how)
    else break
  }
  await channel.deleteQueue(queue)
  return moved
}

/** Moves what comes, until it is quiet. */
const drain = async (queue: string, { session, over, move }: Drain): Promise<number> => {
  const quiet = new AbortController()
  const stopping = AbortSignal.any([quiet.signal, over])
  const lane = await openLaneChannel({ session, queue, batchSize: 100, stopping })
  let moved = 0
  try {
    for (;;) {
      const timer = setTimeout(() => quiet.abort(), quietMs)
      const batch = await lane.next()
      clearTimeout(timer)
      if (lane.over.aborted) break
      // All at once: they go in this order all the same.
      await Promise.all(batch.map(move))
      lane.acknowledge(batch)
      moved += batch.length
    }
  } finally {
    await lane.release()
  }
  if (session.lost.aborted) throw session.lost.reason
  return moved
}

const makeMove =
  ({ jobsExchange, deadLetterExchange, laneCounts }: Topology, publish: ReturnType<typeof makeSurePublish>) =>
  ({ content, properties }: ConsumeMessage): Promise<void> => {
    const body = content.toString('utf8')
    const job = decodeJob(body)
    const messageId = typeof properties.messageId === 'string' ? { messageId: properties.messageId } : {}
    if (job) {
      return publish({ exchange: jobsExchange, routingKey: laneOfJob(job, laneCounts), body, ...messageId })
    }
    const headers = deadLetterHeaders('not a job that this version knows', Date.now())
    return publish({ exchange: deadLetterExchange, routingKey: '', body, headers, ...messageId })
  }

const pauseUnless = async (over: AbortSignal, what: string): Promise<void> => {
  if (over.aborted) throw new Error(`${what} could not be emptied in time`)
  await pause(quietMs, over)
}

/** On a channel of its own, which the broker closes where there is none. */
const exists = async (session: Session, queue: string): Promise<boolean> => {
  const channel = await openChannel(session)
  try {
    await channel.checkQueue(queue)
    await channel.close()
    return true
  } catch (error) {
    if (replyCodeOf(error) !== notFound) throw error
    return false
  }
}
