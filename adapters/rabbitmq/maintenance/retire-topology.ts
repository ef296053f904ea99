import type { Channel, ConsumeMessage } from 'amqplib'
import { decodeJob, noJobReason } from '../../../core/domain/job.ts'
import { laneNames } from '../../../core/domain/lanes.ts'
import type { IdSource, Telemetry } from '../../../core/ports.ts'
import { pause, untilAborted } from '../../../core/primitives/timing.ts'
import { notFound, openChannel, replyCodeOf } from '../channel.ts'
import type { BrokerConnection } from '../connection.ts'
import { deadLetterHeaders } from '../dead-letter.ts'
import { openLaneChannel } from '../lane-channel.ts'
import { makeSurePublish, type SurePublish } from '../publish-with-retry.ts'
import type { Session } from '../session.ts'
import type { Topology } from '../topology.ts'
import { makePutInLane, type WrittenRecord, writtenRecordOf } from '../written-record.ts'

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
 * Moves what is left in the lanes of a topology into those of its successor, and removes what only the retired one has:
 * without it, what they hold when a deployment changes `LANES` would be pushed to nobody. Dead letters go along where
 * they have another queue now. Who still publishes there learns that it is gone, so that no message is lost without a
 * word. What was begun can be begun again.
 *
 * @throws Error if a lane could not be emptied before patience ended, as where somebody reads it: it stays, with all in it
 */
export const retireTopology = async (
  { retired, successor }: Topologies,
  { connect, newId, telemetry, patienceMs = 9 * 60_000 }: Deps,
): Promise<void> => {
  if (retired.jobsExchange === successor.jobsExchange) return
  const [reading, publishing] = [connect(), connect()]
  try {
    const session = await reading.open()
    const over = AbortSignal.any([session.lost, AbortSignal.timeout(patienceMs)])
    const publish = makeSurePublish({ connection: publishing, newId, telemetry })
    const visit: Visit = { session, channel: await openChannel(session), over }
    await endDelays(retired, visit, newId)
    await visit.channel.deleteExchange(retired.jobsExchange)
    const move = makeMove(successor, publish)
    const moved = await Promise.all(
      onlyIn(retired, successor).map((queue) => endQueue(queue, { ...visit, move })),
    )
    const jobs = moved.reduce((sum, count) => sum + count, 0)
    const deadLetters = await endDeadLetters({ retired, successor }, visit, publish)
    telemetry.info('Retired the lanes of the deployment before', { ...retired.laneCounts, jobs, deadLetters })
  } finally {
    await Promise.all([reading.close(), publishing.close()])
  }
}

type Visit = {
  readonly session: Session
  /** To look with, and to remove. */
  readonly channel: Channel
  /** Aborted when patience has ended, or the connection was lost. */
  readonly over: AbortSignal
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
  { queues, jobsExchange, laneCounts, laneQueue }: Topology,
  visit: Visit,
  newId: IdSource,
): Promise<void> => {
  const { session, channel, over } = visit
  const delays = queues.filter(({ arguments: of }) => of['x-dead-letter-exchange'] === jobsExchange)
  for (const { binding } of delays) await channel.deleteExchange(binding.exchange)
  await Promise.all(delays.map(({ name }) => untilSent(name, jobsExchange, visit, newId)))
  // The broker keeps what it has sent until the lanes have it: until they all answer, and have had a moment for it.
  await Promise.all(laneNames(laneCounts).map((lane) => exists(session, laneQueue(lane))))
  await pause(quietMs, over)
  refuseIf(over, jobsExchange)
  for (const { name } of delays) await channel.deleteQueue(name)
}

/**
 * What a quorum queue counts leaves out what has expired and is on its way into its lane, thousands it may be. So
 * something is sent after it: in a delay, nothing overtakes anything.
 */
const untilSent = async (
  queue: string,
  jobsExchange: string,
  { session, channel, over }: Visit,
  newId: IdSource,
): Promise<void> => {
  if (!(await exists(session, queue))) return
  const { queue: end } = await channel.assertQueue('', endQueueOptions)
  await channel.bindQueue(end, jobsExchange, queue)
  // By this, since one that was sent by a retirement that broke off may come first.
  const messageId = newId()
  const arrived = Promise.withResolvers<void>()
  const look = (message: ConsumeMessage | null) => {
    if (message?.properties.messageId === messageId) arrived.resolve()
  }
  await channel.consume(end, look, { noAck: true })
  const last = { exchange: '', routingKey: queue, body: '', messageId, expirationMs: 1 }
  const outcome = await session.publish(last)
  if (outcome !== 'confirmed') throw new Error(`${queue} could not be emptied: what ends it was ${outcome}`)
  await Promise.race([arrived.promise, untilAborted(over)])
  refuseIf(over, queue)
}

const endQueueOptions = { exclusive: true, durable: false, arguments: { 'x-queue-type': 'classic' } }

type Move = { readonly move: (message: ConsumeMessage) => Promise<void> }

/** Moves all that is in a queue, removes it, and resolves with how much that was. */
const endQueue = async (queue: string, how: Visit & Move): Promise<number> => {
  const { session, channel, over } = how
  if (!(await exists(session, queue))) return 0
  let moved = 0
  for (;;) {
    refuseIf(over, queue)
    const { messageCount, consumerCount } = await channel.checkQueue(queue)
    // Somebody else reads it, as the event source does until its mapping is gone, and may have some in hand. A consumer
    // and what it has leave together, ours as well: what is said to be empty and unread is.
    if (consumerCount > 0) await pause(quietMs, over)
    else if (messageCount > 0) moved += await drain(queue, how)
    else break
  }
  await channel.deleteQueue(queue)
  return moved
}

/** Moves what comes, until it is quiet. */
const drain = async (queue: string, { session, over, move }: Visit & Move): Promise<number> => {
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
  return moved
}

const refuseIf = (over: AbortSignal, queue: string): void => {
  if (over.aborted) throw new Error(`${queue} could not be emptied`, { cause: over.reason })
}

const makeMove = (successor: Topology, publish: SurePublish) => {
  const put = makePutInLane(successor, publish)
  return async (message: ConsumeMessage): Promise<void> => {
    const record = writtenRecordOf(message)
    const job = decodeJob(record.body)
    if (job) await put(record, job)
    else await deadLetter(successor, publish, record, deadLetterHeaders(noJobReason, Date.now()))
  }
}

const deadLetter = (
  { deadLetterExchange: exchange }: Topology,
  publish: SurePublish,
  record: WrittenRecord,
  headers: Readonly<Record<string, unknown>>,
): Promise<void> => publish({ ...record, exchange, routingKey: '', headers })

/** As they are, whoever set them aside: their headers say why, and when. */
const endDeadLetters = async (
  { retired, successor }: Topologies,
  visit: Visit,
  publish: SurePublish,
): Promise<number> => {
  if (retired.deadLetterQueue === successor.deadLetterQueue) return 0
  const move = (message: ConsumeMessage) =>
    deadLetter(successor, publish, writtenRecordOf(message), message.properties.headers ?? {})
  const moved = await endQueue(retired.deadLetterQueue, { ...visit, move })
  await visit.channel.deleteExchange(retired.deadLetterExchange)
  return moved
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
