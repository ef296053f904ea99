import { jsonBytes, type Limits } from '../../protocol/limits.ts'
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
  /** The user that this client speaks for, once the server has said so. */
  readonly userId: () => string | undefined
  /** The last message that is known to exist in the room. */
  readonly known: () => Cursor
  /** Another number after each gap in the room that could not be filled. */
  readonly resets: () => number
  /** Joins the room again and takes in what was missed. Rejects if the room cannot be joined any more. */
  readonly refresh: () => Promise<void>
  readonly limits: () => Pick<Limits, 'clientFrameBytes'>
  readonly earlierTries: Recent<EarlierTry>
  readonly on: {
    /** What `unsent` returns is another list now. Called before a message is first sent, too. */
    readonly unsent: () => void
  }
}

/** The messages of one room on their way to the server, one after the other. */
export type Outbox = {
  /** Resolves once the server has stored the message. @throws ChatClientError it will not; see `ChatClientErrorCode` */
  readonly send: (draft: Draft) => Promise<Sent>
  /** Those that are neither stored nor refused, as far as is known, in the order in which they go out. */
  readonly unsent: () => readonly UnsentMessage[]
  /** The room is joined on the present connection. */
  readonly start: () => void
  /** It is not any more: what is waiting goes on waiting. */
  readonly stop: () => void
  /** The room was heard of: a service that was away may be back, so that a wait for it ends. */
  readonly hurry: () => void
  /** Messages of the room. This user's own, come back, say as much as their acks. */
  readonly recognise: (epoch: string, messages: readonly ChatMessage[]) => void
  /** For good: gives up everything that is waiting, and whatever would come. */
  readonly failAll: (error: ChatClientError) => void
}

/** How often a message is tried that the server fails at, lest it hold up the others for ever. Ours. */
const maxInternalErrors = 3
/**
 * How often a room is joined again for a message: a connection may be forgotten anew each time, but a server that lets
 * one join and then knows nothing of it would be asked for ever. Ours.
 */
const maxRejoins = 10

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

/** `done`: its outcome is settled. */
const attempt = async (deps: Deps, item: Outgoing): Promise<Next | 'done'> => {
  const frame = frameOf(deps, item)
  try {
    requireFits(frame, deps.limits().clientFrameBytes)
    item.underWay = true
    // Before it is sent: who keeps it from now on keeps what makes another try exact.
    deps.on.unsent()
    // Whoever was told may have left the room.
    if (item.settled) return 'done'
    const { roomId, epoch, seq, messageId, sentAt, duplicate } = await Promise.race([
      deps.calls.sendMessage(frame),
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

const frameOf = ({ roomId, known, resets }: Deps, item: Outgoing) => {
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

/** It may have gone wrong after the message was stored. The same frame again finds out, and cannot store two. */
const mayBeStored = ({ code, temporary }: ChatClientError): boolean =>
  code === 'internal' || (temporary && code !== 'rate_limited')

const afterFailure = async (deps: Deps, item: Outgoing, error: ChatClientError): Promise<Next | 'done'> => {
  switch (error.code) {
    case 'disconnected':
      // The next connection starts this again, unless another one has taken the place of the one that was lost.
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
 * The room has gone on without us, or we are no longer in it. Once it was caught up with, a message in doubt was
 * either recognised in it or is not there: then it is as good as new. Across a gap nobody can tell.
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

/** A push ends every other of these waits at most: a busy room must not turn them into none. */
const yieldingWait = (item: Outgoing, wait: Wait, { retryAfterMs }: ChatClientError): Wait => {
  const yielding = !item.hurried && retryAfterMs === undefined
  item.hurried = false
  return { ...wait, yielding }
}
