import { setImmediate } from 'node:timers/promises'
import { type Channel, type ConsumeMessage, IllegalOperationError } from 'amqplib'
import { ChatError } from '../../protocol/chat-error.ts'
import type { Session } from './session.ts'

type Options = {
  readonly session: Session
  readonly queue: string
  readonly batchSize: number
  /** Ends the wait for a batch. */
  readonly stopping: AbortSignal
}

/** A consumer on a lane's queue, from its start to its end. Nothing can be settled on it once it is lost. */
export type LaneChannel = {
  /** What has arrived, at most `batchSize`, in the lane's order; empty once it is over. */
  readonly next: () => Promise<readonly ConsumeMessage[]>
  readonly acknowledge: (batch: readonly ConsumeMessage[]) => void
  /** Acknowledges this one, and none of those before it. */
  readonly acknowledgeAlone: (message: ConsumeMessage) => void
  readonly deadLetter: (batch: readonly ConsumeMessage[]) => void
  /** Aborted once it is lost or stopping. */
  readonly over: AbortSignal
  /** Ends it. What was not settled returns to the queue in its order, ahead of everything else. */
  readonly release: () => Promise<void>
}

/** How long the broker may take to open or close a channel before its connection counts as dead. */
const answerTimeoutMs = 2_000

/** @throws ChatError `unavailable`, also where the queue does not exist */
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
    // Not to wait for more, but to see all that came in the same packet.
    await setImmediate()
    return over.aborted ? [] : arrived.splice(0, batchSize)
  }
  /** Later records have higher tags, so that `multiple` settles this batch alone. */
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
    // The library never answers a close that the connection did not survive.
    await Promise.race([channel.close(), gone])
  } catch (error) {
    // The connection is being closed already, and the channel with it.
    if (!(error instanceof IllegalOperationError)) throw error
  }
}

const withinAnswerTime = async <T>(session: Session, operation: () => Promise<T>): Promise<T> => {
  // Dropping the connection makes whatever waits on it fail.
  const timer = setTimeout(() => session.drop('a channel had no answer in time'), answerTimeoutMs)
  try {
    return await operation()
  } catch (cause) {
    // Nothing but the library runs in here: the broker refused, or the connection was lost.
    throw new ChatError('unavailable', 'The lane cannot be read now.', { cause })
  } finally {
    clearTimeout(timer)
  }
}
