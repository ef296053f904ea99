import { setImmediate } from 'node:timers/promises'
import { type Channel, type ConsumeMessage, IllegalOperationError } from 'amqplib'
import { ChatError } from '../../protocol/chat-error.ts'
import type { Session } from './session.ts'

type Options = {
  readonly session: Session
  readonly queue: string
  readonly batchSize: number
  /** Signal that ends the wait for a batch. */
  readonly stopping: AbortSignal
}

/** A consumer on a lane's queue. Once it is lost, no record can be settled on it. */
export type LaneChannel = {
  /** Returns the next batch, of at most `batchSize` records in order; empty once the channel has ended. */
  readonly next: () => Promise<readonly ConsumeMessage[]>
  readonly acknowledge: (batch: readonly ConsumeMessage[]) => void
  /** Acknowledges a batch, and no earlier record. */
  readonly acknowledgeAlone: (message: ConsumeMessage) => void
  readonly deadLetter: (batch: readonly ConsumeMessage[]) => void
  /** Signal that is aborted once the channel is lost or stopping. */
  readonly over: AbortSignal
  /** Ends the consumer. Unsettled records return to the head of the queue, in order. */
  readonly release: () => Promise<void>
}

/** Time limit of opening or closing a channel, in ms, after which the connection counts as dead (our choice). */
const answerTimeoutMs = 2_000

/** Opens a consumer on a lane's queue. @throws ChatError `unavailable`, also if the queue does not exist */
export const openLaneChannel = async (options: Options): Promise<LaneChannel> => {
  const { session, queue, batchSize, stopping } = options
  const ending = new AbortController()
  const closing = new AbortController()
  const over = AbortSignal.any([ending.signal, stopping])
  const arrived: ConsumeMessage[] = []
  let wake: () => void = () => undefined

  const lose = (reason: string) => ending.abort(new Error(reason))
  const onMessage = (message: ConsumeMessage | null) => {
    if (message) arrived.push(message)
    else lose('The broker ended the consumer')
    wake()
  }
  over.addEventListener('abort', () => wake(), { once: true })

  const channel = await withinAnswerTime(session, async () => {
    const opened = await session.connection.createChannel()
    opened.on('error', (error) => lose(error.message))
    opened.on('close', () => {
      closing.abort()
      lose('The channel was closed')
    })
    await opened.prefetch(batchSize)
    await opened.consume(queue, onMessage)
    return opened
  })

  const next = async () => {
    if (arrived.length === 0 && !over.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    // Collects all records of the same packet, without waiting for more.
    await setImmediate()
    return over.aborted ? [] : arrived.splice(0, batchSize)
  }
  /** Settles a batch. Later records have higher tags, so `multiple` covers this batch only. */
  const settle = (
    batch: readonly ConsumeMessage[],
    how: (channel: Channel, last: ConsumeMessage) => void,
  ) => {
    const last = batch.at(-1)
    if (last && !ending.signal.aborted) how(channel, last)
  }
  return {
    next,
    acknowledge: (batch) => settle(batch, (on, last) => on.ack(last, true)),
    acknowledgeAlone: (message) => settle([message], (on, only) => on.ack(only)),
    deadLetter: (batch) => settle(batch, (on, last) => on.nack(last, true, false)),
    over,
    release: async () => {
      if (!closing.signal.aborted) await withinAnswerTime(session, () => close(channel, closing.signal))
    },
  }
}

const close = async (channel: Channel, closed: AbortSignal): Promise<void> => {
  const gone = new Promise<void>((resolve) => {
    closed.addEventListener('abort', () => resolve(), { once: true })
  })
  try {
    // The library never answers a close during which the connection is lost.
    await Promise.race([channel.close(), gone])
  } catch (error) {
    // The connection is closing already, together with the channel.
    if (!(error instanceof IllegalOperationError)) throw error
  }
}

const withinAnswerTime = async <T>(session: Session, operation: () => Promise<T>): Promise<T> => {
  // Dropping the connection fails everything that waits on it.
  const timer = setTimeout(() => session.drop('a channel had no answer in time'), answerTimeoutMs)
  try {
    return await operation()
  } catch (cause) {
    // Only the library runs here: the broker refused, or the connection was lost.
    throw new ChatError('unavailable', 'The lane cannot be read now. Try again.', { cause })
  } finally {
    clearTimeout(timer)
  }
}
