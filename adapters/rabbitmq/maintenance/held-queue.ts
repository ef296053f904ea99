import type { Channel, ConsumeMessage } from 'amqplib'
import { pause } from '../../../core/primitives/timing.ts'
import { notFound, openChannel, replyCodeOf, resourceLocked } from '../channel.ts'
import type { BrokerConnection } from '../connection.ts'
import { DeadLetterError } from '../dead-letter.ts'
import { type LaneChannel, openLaneChannel } from '../lane-channel.ts'
import type { Session } from '../session.ts'
import type { Topology } from '../topology.ts'

type Options = {
  /** Of its own: it is closed in the end. */
  readonly connection: BrokerConnection
  readonly topology: Topology
  /** How long to wait for somebody else who looks. Default: 10,000. */
  readonly patienceMs?: number | undefined
}

/** All dead letters in one hand: nobody else sees them until they are released. */
export type HeldDeadLetters = {
  /**
   * Those that were there when they were taken, oldest first. What arrives later is left alone.
   *
   * @throws DeadLetterError if the connection is lost, or the broker hands over no more of them
   */
  readonly messages: () => AsyncIterable<ConsumeMessage>
  /** Takes one out of the queue, for good once `release` has resolved. */
  readonly remove: (message: ConsumeMessage) => void
  /**
   * Gives the rest back, in its order, before what has arrived meanwhile.
   *
   * @throws DeadLetterError if the connection was lost: what was removed last may be there again
   */
  readonly release: () => Promise<void>
}

/**
 * A consumer's prefetch has 16 bits. All that there is has to be in one hand: a quorum queue puts what a consumer
 * gives back behind everything that was given back before, so that to take a part would change the order. For the same
 * reason nothing is taken by `basic.get` (each counts as a consumer of its own) nor given back by `basic.nack` (several
 * at once come back in any order). A consumer that ends gives back in order: `return_all` in RabbitMQ's rabbit_fifo.erl,
 * from 3.10 to 4.x.
 */
const mostHeld = 65_535

/** A broker that hands over nothing for so long, while there is more, is of no use. Ours. */
const idleMs = 5_000

/**
 * Takes all dead letters in hand. The end of the connection, whatever it is, gives them back.
 *
 * @throws DeadLetterError if there is no queue of them, or somebody else has them in hand for too long
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
      throw new DeadLetterError(`The broker handed over ${seen} of ${count} dead letters. Try again.`)
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
 * Waits for the lock: an exclusive queue, which the broker removes with its connection, so that who is killed holds
 * up nobody. Returns a channel to look at queues with.
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
      throw new DeadLetterError('Somebody else looks at the dead letters now. Try again when they are done.')
    }
    await pause(retryMs, session.lost)
  }
}

/** Said explicitly: a broker may have another default, and a quorum queue cannot be exclusive. */
const lock = { exclusive: true, durable: false, arguments: { 'x-queue-type': 'classic' } }
/** Ours. */
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

/** Whoever has the next turn must find all of them: a consumer's end reaches the queue a moment after its channel's. */
const untilReturned = async (channel: Channel, queue: string, count: number): Promise<void> => {
  const deadline = Date.now() + idleMs
  const over = AbortSignal.timeout(idleMs)
  while (Date.now() < deadline && (await readyIn(channel, queue)) < count) await pause(5, over)
}
