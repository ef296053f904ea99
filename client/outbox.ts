import type { Cursor } from '../core/protocol/client-frames.ts'
import { jsonBytes } from '../core/protocol/limits.ts'
import type { AckFrame, ChatMessage } from '../core/protocol/server-frames.ts'
import type { Backoff } from './backoff.ts'
import type { Calls } from './calls.ts'
import { ChatClientError } from './chat-client-error.ts'
import { makeLoop, type Next } from './loop.ts'
import type { Timers } from './timers.ts'

/** A message to send. */
export type Draft = {
  readonly content: string
  readonly clientMessageId: string
  readonly attributes?: Readonly<Record<string, string>>
}

/** What the server said of a message that it has stored. */
export type Sent = Pick<AckFrame, 'roomId' | 'epoch' | 'seq' | 'messageId' | 'sentAt' | 'duplicate'> & {
  readonly clientMessageId: string
}

type Deps = {
  readonly roomId: string
  readonly calls: Pick<Calls, 'sendMessage'>
  readonly timers: Timers
  readonly backoff: Backoff
  /** The last message that is known to exist in the room. */
  readonly known: () => Cursor
  /** How often a gap came up in the room that could not be filled. */
  readonly resets: () => number
  /** Joins the room again and takes in what was missed. Rejects if the room cannot be joined any more. */
  readonly refresh: () => Promise<void>
  readonly maxFrameBytes: () => number
}

/** The messages of one room on their way to the server, one after the other. */
export type Outbox = {
  /** Resolves once the server has stored the message. @throws ChatClientError it will not; see `ChatClientErrorCode` */
  readonly send: (draft: Draft) => Promise<Sent>
  /** The room is joined on the present connection. */
  readonly start: () => void
  /** It is not any more: what is waiting goes on waiting. */
  readonly stop: () => void
  /** A message of this user came back from the room, which says as much as its ack. */
  readonly recognise: (epoch: string, message: ChatMessage) => void
  /** Gives up everything that is waiting. */
  readonly failAll: (error: ChatClientError) => void
}

type Item = {
  readonly draft: Draft
  readonly outcome: PromiseWithResolvers<Sent>
  /** Set when it is first tried, and the same from then on: it is what makes a retry exact. */
  firstTry?: { readonly since: Cursor; readonly resets: number }
  /** An attempt was made whose outcome is not known. */
  inDoubt: boolean
  failures: number
  refreshed: boolean
}

export const makeOutbox = (deps: Deps): Outbox => {
  const queue: Item[] = []
  const loop = makeLoop({
    timers: deps.timers,
    step: async () => {
      const [item] = queue
      if (item === undefined) return 'idle'
      const next = await attempt(deps, item)
      if (next === 'done' && queue[0] === item) queue.shift()
      return next === 'done' ? 'again' : next
    },
  })
  return {
    send: (draft) => {
      const outcome = Promise.withResolvers<Sent>()
      queue.push({ draft, outcome, inDoubt: false, failures: 0, refreshed: false })
      loop.wake()
      return outcome.promise
    },
    start: loop.start,
    stop: loop.stop,
    recognise: (epoch, message) => {
      const index = queue.findIndex(({ draft }) => draft.clientMessageId === message.clientMessageId)
      const [item] = index < 0 ? [] : queue.splice(index, 1)
      if (item === undefined) return
      const { seq, messageId, sentAt } = message
      const { clientMessageId } = item.draft
      item.outcome.resolve({ roomId: deps.roomId, epoch, seq, messageId, sentAt, clientMessageId })
    },
    failAll: (error) => {
      for (const { outcome } of queue.splice(0)) outcome.reject(error)
    },
  }
}

/** `done`: its outcome is settled. */
const attempt = async (deps: Deps, item: Item): Promise<Next | 'done'> => {
  const frame = frameOf(deps, item)
  try {
    requireFits(frame, deps.maxFrameBytes())
    const { roomId, epoch, seq, messageId, sentAt, duplicate } = await Promise.race([
      deps.calls.sendMessage(frame),
      item.outcome.promise,
    ])
    item.outcome.resolve({
      roomId,
      epoch,
      seq,
      messageId,
      sentAt,
      ...(duplicate && { duplicate }),
      clientMessageId: item.draft.clientMessageId,
    })
    return 'done'
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    return afterFailure(deps, item, error)
  }
}

const frameOf = ({ roomId, known, resets }: Deps, item: Item) => {
  item.firstTry ??= { since: known(), resets: resets() }
  return { roomId, ...item.draft, since: item.firstTry.since }
}

/** API Gateway closes the connection for a larger frame, so that it would be tried for ever. */
const requireFits = (frame: ReturnType<typeof frameOf>, maxFrameBytes: number) => {
  const bytes = jsonBytes({ action: 'sendMessage', id: '0'.repeat(10), ...frame })
  if (bytes > maxFrameBytes) {
    throw new ChatClientError('too_large', `The message is ${bytes} bytes; ${maxFrameBytes} are taken.`)
  }
}

const afterFailure = async (deps: Deps, item: Item, error: ChatClientError): Promise<Next | 'done'> => {
  switch (error.code) {
    case 'disconnected':
      item.inDoubt = true
      return 'idle'
    case 'not_a_member':
    case 'stale_cursor':
      return afterRefresh(deps, item, error)
    default:
      if (!error.temporary) return reject(item, error)
      item.inDoubt ||= error.code !== 'rate_limited'
      return retryLater(deps, item, error)
  }
}

/**
 * The room has gone on without us, or we are no longer in it. Once it was caught up with, a message in doubt was
 * either recognised in it or is not there: then it is as good as new. Across a gap nobody can tell.
 */
const afterRefresh = async (deps: Deps, item: Item, error: ChatClientError): Promise<Next | 'done'> => {
  if (error.code === 'not_a_member' && item.refreshed) return reject(item, error)
  item.refreshed = true
  try {
    await deps.refresh()
    if (error.code === 'stale_cursor') {
      const isComplete = item.firstTry?.resets === deps.resets()
      if (item.inDoubt && !isComplete) return reject(item, error)
      delete item.firstTry
      item.inDoubt = false
    }
    return retryLater(deps, item, error)
  } catch (failure) {
    if (!(failure instanceof ChatClientError)) throw failure
    return reject(item, failure)
  }
}

const retryLater = ({ backoff }: Deps, item: Item, { retryAfterMs = 0 }: ChatClientError): Next => {
  item.failures += 1
  return { waitMs: Math.max(retryAfterMs, backoff(item.failures)) }
}

const reject = (item: Item, error: ChatClientError): 'done' => {
  item.outcome.reject(error)
  return 'done'
}
