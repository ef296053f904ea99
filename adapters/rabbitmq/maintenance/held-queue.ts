import type { Channel, ConsumeMessage } from 'amqplib'
import { pause } from '../../../core/primitives/timing.ts'
import { notFound, openChannel, replyCodeOf, resourceLocked } from '../channel.ts'
import type { BrokerConnection } from '../connection.ts'
import { DeadLetterError } from '../dead-letter.ts'
import { type LaneChannel, openLaneChannel } from '../lane-channel.ts'
import type { Session } from '../session.ts'
import type { Topology } from '../topology.ts'

type Options = {
  /** Connection for this purpose only; it is closed at the end. */
  readonly connection: BrokerConnection
  readonly topology: Topology
  /** Time to wait for another process that holds the dead letters, in ms. Default: 10,000. */
  readonly patienceMs?: number | undefined
}

/** All dead letters, held by one process until they are released. */
export type HeldDeadLetters = {
  /**
   * Yields the dead letters that existed when they were taken, oldest first. Later ones stay in the queue.
   *
   * @throws DeadLetterError if the connection is lost or the broker stops delivering
   */
  readonly messages: () => AsyncIterable<ConsumeMessage>
  /** Removes one from the queue, permanently once `release` has resolved. */
  readonly remove: (message: ConsumeMessage) => void
  /**
   * Returns the rest in order, before later arrivals.
   *
   * @throws DeadLetterError if the connection was lost: records that were removed last may be there again
   */
  readonly release: () => Promise<void>
}

/**
 * Maximum dead letters: a consumer's prefetch has 16 bits. One consumer must hold all of them, because a quorum queue puts
 * returned records behind those that were returned before. Taking a part would change the order. For the same reason the code
 * uses neither `basic.get`, where each call counts as a consumer, nor `basic.nack`, which returns in any order. A consumer
 * that ends returns its records in order: `return_all` in RabbitMQ's source file rabbit_fifo, from 3.10 to 4.x.
 */
const mostHeld = 65_535

/** Time without a delivery, in ms, after which the broker counts as stuck (our choice). */
const idleMs = 5_000

/**
 * Takes all dead letters. Any end of the connection returns them.
 *
 * @throws DeadLetterError if the queue does not exist, or another process holds it for too long
 */
export const holdDeadLetters = async (options: Options): Promise<HeldDeadLetters> => {
  const session = await options.connection.open()
  try {
    return await hold(session, options)
  } catch (error) {
    throw session.lost.aborted ? lost('Nothing was done.') : error
  }
}

const hold = async (session: Session, options: Options): Promise<HeldDeadLetters> => {
  const inspector = await takeTurn(session, options)
  const queue = options.topology.deadLetterQueue
  const count = Math.min(await readyIn(inspector, queue), mostHeld)
  const stop = new AbortController()
  const channel = await openLaneChannel({ session, queue, batchSize: mostHeld, stopping: stop.signal })
  let removed = 0

  const release = async () => {
    try {
      await channel.release()
      await untilReturned(inspector, queue, count - removed)
    } catch (error) {
      if (!session.lost.aborted) throw error
    }
    if (session.lost.aborted) throw lost('What was removed last may be there again.')
    await options.connection.close()
  }
  return {
    messages: () => handedOver(channel, stop, count),
    remove: (message) => {
      channel.acknowledgeAlone(message)
      removed++
    },
    release,
  }
}

const handedOver = async function* (
  channel: LaneChannel,
  stop: AbortController,
  count: number,
): AsyncGenerator<ConsumeMessage> {
  for (let seen = 0; seen < count; ) {
    const idle = setTimeout(() => stop.abort(), idleMs)
    const batch = await channel.next()
    clearTimeout(idle)
    if (stop.signal.aborted) {
      throw new DeadLetterError(`The broker delivered ${seen} of ${count} dead letters. Try again.`)
    }
    if (batch.length === 0) throw lost('What was not replayed or dropped is still there.')
    for (const message of batch.slice(0, count - seen)) {
      if (channel.over.aborted) throw lost('What was not replayed or dropped is still there.')
      yield message
      seen++
    }
  }
}

const lost = (rest: string) =>
  new DeadLetterError(`The connection to the broker was lost. ${rest} Try again.`)

/**
 * Waits for the lock: an exclusive queue, which the broker deletes with its connection. A killed process therefore blocks no
 * other.
 *
 * @returns a channel for looking at queues
 */
const takeTurn = async (session: Session, { topology, patienceMs = 10_000 }: Options): Promise<Channel> => {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const channel = await openChannel(session)
    try {
      await channel.assertQueue(topology.deadLetterLock, lock)
      return channel
    } catch (error) {
      if (replyCodeOf(error) !== resourceLocked) throw error
    }
    if (Date.now() > deadline) {
      throw new DeadLetterError('Another process holds the dead letters now. Try again when it has finished.')
    }
    await pause(retryMs, session.lost)
  }
}

/** Arguments of the lock. The type is explicit, because a broker may default to quorum queues, which cannot be exclusive. */
const lock = { exclusive: true, durable: false, arguments: { 'x-queue-type': 'classic' } }
/** Pause between attempts to get the lock, in ms (our choice). */
const retryMs = 100

const readyIn = async (channel: Channel, queue: string): Promise<number> => {
  try {
    return (await channel.checkQueue(queue)).messageCount
  } catch (error) {
    if (replyCodeOf(error) !== notFound) throw error
    throw new DeadLetterError(
      `The broker has no queue ${queue}: no gateway has used it under this QUEUE_PREFIX yet.`,
    )
  }
}

/** Waits until the queue has all records again: a consumer's end reaches the queue shortly after its channel's. */
const untilReturned = async (channel: Channel, queue: string, count: number): Promise<void> => {
  const deadline = Date.now() + idleMs
  const over = AbortSignal.timeout(idleMs)
  while (Date.now() < deadline && (await readyIn(channel, queue)) < count) await pause(5, over)
}
