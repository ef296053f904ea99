import { jsonBytes, type Limits } from '../../protocol/limits.ts'
import type { AckFrame, Head } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Backoff, Timers } from '../api/timing.ts'
import type { ChatMessage, Cursor, Sent, UnsentMessage } from '../api/types.ts'
import type { Calls } from '../connection/calls.ts'
import { makeLoop, type Next, type Wait } from '../primitives/loop.ts'
import type { Recent } from '../primitives/recent.ts'
import {
  type Draft,
  type EarlierTry,
  makeOutgoing,
  type Outgoing,
  reject,
  remember,
  resolve,
  unsentOf,
} from './outgoing.ts'

type Deps = {
  readonly roomId: string
  readonly calls: Pick<Calls, 'sendMessage'>
  readonly timers: Timers
  readonly backoff: Backoff
  /** Returns the client's user id, once the server has said hello. */
  readonly userId: () => string | undefined
  /** Returns the cursor of the last message that is known to exist in the room. */
  readonly known: () => Cursor
  /** Returns a number that changes with each gap in the room that could not be filled. */
  readonly resets: () => number
  /** Joins the room again and catches up. Rejects if the room cannot be joined any longer. */
  readonly refresh: () => Promise<void>
  /** Takes the room's head from an ack, so that the message is missed if its push is lost. */
  readonly learnHead: (head: Head) => void
  readonly limits: () => Pick<Limits, 'clientFrameBytes'>
  readonly earlierTries: Recent<EarlierTry>
  readonly on: {
    /** The list of unsent messages has changed. Also called before a message is first sent. */
    readonly unsent: () => void
  }
}

/** Queue of the messages of one room on their way to the server, sent one after the other. */
export type Outbox = {
  /** Resolves once the server has stored the message. @throws ChatClientError if it is refused; see `ChatClientErrorCode` */
  readonly send: (draft: Draft) => Promise<Sent>
  /** Lists messages that are neither stored nor refused, as far as is known, in the order of sending. */
  readonly unsent: () => readonly UnsentMessage[]
  /** Sends, because the room is joined on the current connection. */
  readonly start: () => void
  /** Pauses until `start`; messages stay in the queue. */
  readonly stop: () => void
  /** Ends a wait before a retry, because the room was heard of and the service may be back. */
  readonly hurry: () => void
  /** Recognises this user's own messages in the room: they prove as much as their acks. */
  readonly recognise: (epoch: string, messages: readonly ChatMessage[]) => void
  /** Rejects all queued messages, and all that follow, permanently. */
  readonly failAll: (error: ChatClientError) => void
}

/** Attempts at a message on which the server fails, so that it does not block the others for ever (our choice). */
const maxInternalErrors = 3
/**
 * Rejoins for one message. A membership may be lost repeatedly, but a server that accepts joins and forgets them must
 * not be asked for ever (our choice).
 */
const maxRejoins = 10

/** Creates an empty queue that is paused until `start`. */
export const makeOutbox = (deps: Deps): Outbox => {
  const queue: Outgoing[] = []
  let over: ChatClientError | undefined
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
      if (over !== undefined) return Promise.reject(over)
      const isSame = (item: Outgoing) => !item.settled && item.draft.clientMessageId === draft.clientMessageId
      const { outcome } = queue.find(isSame) ?? enqueue(deps, queue, draft)
      loop.wake()
      return outcome.promise
    },
    unsent: () => queue.filter(({ settled }) => !settled).map((item) => unsentOf(deps, item)),
    start: loop.start,
    stop: loop.stop,
    hurry: () => {
      if (loop.hurry() && queue[0] !== undefined) queue[0].hurried = true
    },
    recognise: (epoch, messages) => {
      const own = messages.filter(({ sender }) => sender.userId === deps.userId())
      for (const message of own) recognise(deps, queue, epoch, message)
    },
    failAll: (error) => {
      over = error
      for (const item of queue.splice(0)) {
        if (item.settled) continue
        if (item.firstTry !== undefined) {
          item.firstTry = { ...item.firstTry, resets: undefined }
          item.inDoubt = true
        }
        reject(deps, item, error)
      }
    },
  }
}

const enqueue = (deps: Deps, queue: Outgoing[], draft: Draft): Outgoing => {
  const item = makeOutgoing(deps, draft)
  if (!item.settled) {
    queue.push(item)
    deps.on.unsent()
  }
  return item
}

const recognise = (deps: Deps, queue: Outgoing[], epoch: string, message: ChatMessage) => {
  const { clientMessageId, seq, messageId, sentAt } = message
  if (clientMessageId === undefined) return
  const sent = { roomId: deps.roomId, epoch, seq, messageId, sentAt, clientMessageId }
  remember(deps, sent)
  const index = queue.findIndex(({ draft }) => draft.clientMessageId === clientMessageId)
  const [item] = index < 0 ? [] : queue.splice(index, 1)
  if (item !== undefined) resolve(deps, item, sent)
}

/** Makes one attempt to send a message. @returns `done` once its outcome is settled */
const attempt = async (deps: Deps, item: Outgoing): Promise<Next | 'done'> => {
  const frame = frameOf(deps, item)
  try {
    requireFits(frame, deps.limits().clientFrameBytes)
    item.underWay = true
    // Called before sending, so that an application that saves unsent messages also saves `since`.
    deps.on.unsent()
    // A listener may have left the room.
    if (item.settled) return 'done'
    const { roomId, epoch, seq, messageId, sentAt, duplicate } = await Promise.race([
      sendAndLearn(deps, frame),
      item.outcome.promise,
    ])
    const { clientMessageId } = item.draft
    resolve(deps, item, {
      roomId,
      epoch,
      seq,
      messageId,
      sentAt,
      ...(duplicate && { duplicate }),
      clientMessageId,
    })
    return 'done'
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    item.underWay = false
    item.inDoubt ||= mayBeStored(error)
    if (!item.settled) deps.on.unsent()
    if (item.settled) return 'done'
    return afterFailure(deps, item, error)
  }
}

const sendAndLearn = async (deps: Deps, frame: ReturnType<typeof frameOf>): Promise<AckFrame> => {
  const ack = await deps.calls.sendMessage(frame)
  deps.learnHead(ack)
  return ack
}

const frameOf = ({ roomId, known, resets }: Deps, item: Outgoing) => {
  item.firstTry ??= { since: known(), resets: resets() }
  return { roomId, ...item.draft, since: item.firstTry.since }
}

/** Rejects a frame for which API Gateway would close the connection, so that it would be retried for ever. */
const requireFits = (frame: ReturnType<typeof frameOf>, maxFrameBytes: number) => {
  const bytes = jsonBytes({ action: 'sendMessage', id: '0'.repeat(10), ...frame })
  if (bytes > maxFrameBytes) {
    throw new ChatClientError(
      'too_large',
      `The message is ${bytes} bytes; at most ${maxFrameBytes} are allowed.`,
    )
  }
}

/** Tells whether a failed attempt may have stored the message. A retry of the same frame never stores it twice. */
const mayBeStored = ({ code, temporary }: ChatClientError): boolean =>
  code === 'internal' || (temporary && code !== 'rate_limited')

const afterFailure = async (deps: Deps, item: Outgoing, error: ChatClientError): Promise<Next | 'done'> => {
  switch (error.code) {
    case 'disconnected':
      // The next connection starts this loop again, unless a rollover replaced the lost connection.
      return retryLater(deps, item, error)
    case 'not_a_member':
    case 'stale_cursor':
      return afterRefresh(deps, item, error)
    case 'internal':
      item.internalErrors += 1
      if (item.internalErrors >= maxInternalErrors) return reject(deps, item, error)
      return retryLater(deps, item, error)
    default:
      if (!error.temporary) return reject(deps, item, error)
      return yieldingWait(item, retryLater(deps, item, error), error)
  }
}

/**
 * Catches up with the room before the next attempt. Afterwards, a message in doubt was either recognised in the room or
 * is not in it and can be sent as new. Across an unfilled gap, neither is certain, so it is rejected.
 */
const afterRefresh = async (deps: Deps, item: Outgoing, error: ChatClientError): Promise<Next | 'done'> => {
  if (error.code === 'not_a_member' && ++item.rejoins > maxRejoins) return reject(deps, item, error)
  try {
    await deps.refresh()
    if (error.code === 'stale_cursor') {
      const isComplete = item.firstTry?.resets === deps.resets()
      if (item.inDoubt && !isComplete) return reject(deps, item, error)
      delete item.firstTry
      item.inDoubt = false
      deps.on.unsent()
    }
    return retryLater(deps, item, error)
  } catch (failure) {
    if (!(failure instanceof ChatClientError)) throw failure
    return reject(deps, item, failure)
  }
}

const retryLater = ({ backoff }: Deps, item: Outgoing, { retryAfterMs = 0 }: ChatClientError): Wait => {
  item.failures += 1
  return { waitMs: Math.max(retryAfterMs, backoff(item.failures)) }
}

/** Lets a push end every second wait at most: in a busy room, pushes must not remove all waits. */
const yieldingWait = (item: Outgoing, wait: Wait, { retryAfterMs }: ChatClientError): Wait => {
  const yielding = !item.hurried && retryAfterMs === undefined
  item.hurried = false
  return { ...wait, yielding }
}
