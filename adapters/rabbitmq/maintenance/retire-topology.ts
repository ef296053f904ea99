import type { Channel, ConsumeMessage } from 'amqplib'
import { decodeJob, noJobReason } from '../../../core/domain/job.ts'
import { laneNames } from '../../../core/domain/lanes.ts'
import type { IdSource, Telemetry } from '../../../core/ports.ts'
import { pause, untilAborted } from '../../../core/primitives/timing.ts'
import { notFound, openChannel, replyCodeOf } from '../channel.ts'
import type { BrokerConnection } from '../connection.ts'
import { deadLetterHeaders } from '../dead-letter.ts'
import { openLaneChannel } from '../lane-channel.ts'
import { makePublishWithRetry, type PublishWithRetry } from '../publish-with-retry.ts'
import type { Session } from '../session.ts'
import type { Topology } from '../topology.ts'
import { makePutInLane, type WrittenRecord, writtenRecordOf } from '../written-record.ts'

type Deps = {
  /** Creates a connection; one is used for reading and one for publishing. */
  readonly connect: () => BrokerConnection
  readonly newId: IdSource
  readonly telemetry: Telemetry
  /** Time limit for emptying delays and lanes, in ms. Default: 9 minutes. */
  readonly patienceMs?: number
}

type Topologies = {
  /** Topology without publishers, to be emptied and deleted. */
  readonly retired: Topology
  /** Topology that receives the records; it must be declared already. */
  readonly current: Topology
}

/** Silence after which a queue is checked for being empty, in ms (our choice). */
const quietMs = 1_000

/**
 * Moves the records of a retired topology into the current one and deletes what only the retired one has. Without it, records
 * that remain when a deployment changes `LANES` would never be pushed. Dead letters move as well if their queue has another
 * name. Publishers to a deleted exchange get an error, so no message is lost silently. The operation can be repeated.
 * docs/design/maintenance.md says when it is needed.
 *
 * @throws Error if a lane could not be emptied in time, such as by another reader: the lane stays with its records
 */
export const retireTopology = async (
  { retired, current }: Topologies,
  { connect, newId, telemetry, patienceMs = 9 * 60_000 }: Deps,
): Promise<void> => {
  if (retired.jobsExchange === current.jobsExchange) return
  const [reading, publishing] = [connect(), connect()]
  try {
    const session = await reading.open()
    const over = AbortSignal.any([session.lost, AbortSignal.timeout(patienceMs)])
    const publish = makePublishWithRetry({ connection: publishing, newId, telemetry })
    const visit: Visit = { session, channel: await openChannel(session), over }
    await endDelays(retired, visit, newId)
    await visit.channel.deleteExchange(retired.jobsExchange)
    const move = makeMove(current, publish)
    const moved = await Promise.all(
      onlyIn(retired, current).map((queue) => endQueue(queue, { ...visit, move })),
    )
    const jobs = moved.reduce((sum, count) => sum + count, 0)
    const deadLetters = await endDeadLetters({ retired, current }, visit, publish)
    telemetry.info('Retired the lanes of the previous deployment', {
      ...retired.laneCounts,
      jobs,
      deadLetters,
    })
  } finally {
    await Promise.all([reading.close(), publishing.close()])
  }
}

type Visit = {
  readonly session: Session
  /** Channel for looking at and deleting queues. */
  readonly channel: Channel
  /** Signal that is aborted when the time is up or the connection is lost. */
  readonly over: AbortSignal
}

/** Lists lanes that only the retired topology has. A lane's name contains its own count only, so some lanes may stay. */
const onlyIn = (retired: Topology, current: Topology): readonly string[] => {
  const kept = laneNames(current.laneCounts).map(current.laneQueue)
  return laneNames(retired.laneCounts)
    .map(retired.laneQueue)
    .filter((queue) => !kept.includes(queue))
}

/** Stops the delays and waits until all delayed jobs are in their lanes. */
const endDelays = async (
  { queues, jobsExchange, laneCounts, laneQueue }: Topology,
  visit: Visit,
  newId: IdSource,
): Promise<void> => {
  const { session, channel, over } = visit
  const delays = queues.filter(({ arguments: of }) => of['x-dead-letter-exchange'] === jobsExchange)
  for (const { binding } of delays) await channel.deleteExchange(binding.exchange)
  await Promise.all(delays.map(({ name }) => untilSent(name, jobsExchange, visit, newId)))
  // The broker keeps expired jobs until the lanes have them, so this waits for all lanes and a moment longer.
  await Promise.all(laneNames(laneCounts).map((lane) => exists(session, laneQueue(lane))))
  await pause(quietMs, over)
  refuseIf(over, jobsExchange)
  for (const { name } of delays) await channel.deleteQueue(name)
}

/**
 * Waits until a delay is empty. A quorum queue's count leaves out expired jobs in transit to their lanes, which may be
 * thousands. So a marker is sent after them: within a delay, no job overtakes another.
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
  // Recognised by id, because the marker of an interrupted retirement may arrive first.
  const messageId = newId()
  const arrived = Promise.withResolvers<void>()
  const look = (message: ConsumeMessage | null) => {
    if (message?.properties.messageId === messageId) arrived.resolve()
  }
  await channel.consume(end, look, { noAck: true })
  const last = { exchange: '', routingKey: queue, body: '', messageId, expirationMs: 1 }
  const outcome = await session.publish(last)
  if (outcome !== 'confirmed')
    throw new Error(`${queue} could not be emptied: its end marker was ${outcome}. Deploy again to repeat.`)
  await Promise.race([arrived.promise, untilAborted(over)])
  refuseIf(over, queue)
}

const endQueueOptions = { exclusive: true, durable: false, arguments: { 'x-queue-type': 'classic' } }

type Move = { readonly move: (message: ConsumeMessage) => Promise<void> }

/** Moves all records of a queue and deletes the queue. @returns the number of records */
const endQueue = async (queue: string, how: Visit & Move): Promise<number> => {
  const { session, channel, over } = how
  if (!(await exists(session, queue))) return 0
  let moved = 0
  for (;;) {
    refuseIf(over, queue)
    const { messageCount, consumerCount } = await channel.checkQueue(queue)
    // Another reader may hold records, such as the event source until its mapping is gone. A consumer and its records leave
    // together, this one as well. So an empty queue without consumers really is empty.
    if (consumerCount > 0) await pause(quietMs, over)
    else if (messageCount > 0) moved += await drain(queue, how)
    else break
  }
  await channel.deleteQueue(queue)
  return moved
}

/** Moves arriving records until the queue is quiet. */
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
      // Published concurrently: they keep their order on the channel.
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
  if (over.aborted)
    throw new Error(`${queue} could not be emptied in time. Deploy again to repeat.`, { cause: over.reason })
}

const makeMove = (current: Topology, publish: PublishWithRetry) => {
  const put = makePutInLane(current, publish)
  return async (message: ConsumeMessage): Promise<void> => {
    const record = writtenRecordOf(message)
    const job = decodeJob(record.body)
    if (job) await put(record, job)
    else await deadLetter(current, publish, record, deadLetterHeaders(noJobReason, Date.now()))
  }
}

const deadLetter = (
  { deadLetterExchange: exchange }: Topology,
  publish: PublishWithRetry,
  record: WrittenRecord,
  headers: Readonly<Record<string, unknown>>,
): Promise<void> => publish({ ...record, exchange, routingKey: '', headers })

/** Moves dead letters unchanged; their headers contain reason and time. */
const endDeadLetters = async (
  { retired, current }: Topologies,
  visit: Visit,
  publish: PublishWithRetry,
): Promise<number> => {
  if (retired.deadLetterQueue === current.deadLetterQueue) return 0
  const move = (message: ConsumeMessage) =>
    deadLetter(current, publish, writtenRecordOf(message), message.properties.headers ?? {})
  const moved = await endQueue(retired.deadLetterQueue, { ...visit, move })
  await visit.channel.deleteExchange(retired.deadLetterExchange)
  return moved
}

/** Looks at a queue on a separate channel, which the broker closes if the queue does not exist. */
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
