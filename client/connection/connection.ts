import { closeCodes } from '../../protocol/codes.ts'
import type { DisconnectFrame, HelloFrame, MessagesFrame } from '../../protocol/server-frames.ts'
import { ChatClientError, connectionLost, errorOfDisconnect } from '../api/errors.ts'
import type { Backoff } from '../api/timing.ts'
import {
  type DialDeps,
  type Dialing,
  dial,
  type Failure,
  type Link,
  type LinkEvents,
  type Refusal,
} from './dial.ts'
import type { Request } from './requests.ts'
import { type Change, makeChange } from './rollover.ts'

export type ConnectionDeps = DialDeps & {
  readonly backoff: Backoff
  /** From 0 up to, but not including, 1. */
  readonly random: () => number
  readonly on: {
    /** An attempt begins; 1 is the first after a connection that lived. */
    readonly connecting: (attempt: number) => void
    /** There is a connection, and it is not the one before. */
    readonly ready: (hello: HelloFrame) => void
    /** There is no connection; the next attempt begins in `retryInMs`. */
    readonly lost: (retryInMs: number) => void
    /** A second connection is open, to take the place of the present one, which goes on until `changeOver`. */
    readonly successor: (request: Request) => void
    /** That one is gone before it could; another one will come. */
    readonly successorLost: () => void
    /** It has taken the place. */
    readonly changed: (hello: HelloFrame) => void
    /** For good. */
    readonly closed: (reason: ChatClientError) => void
    readonly messages: (frame: MessagesFrame) => void
    readonly disconnect: (frame: DisconnectFrame) => void
    readonly error: (error: ChatClientError) => void
  }
}

/** Keeps a connection open for as long as it takes, one socket after the other. */
export type Connection = {
  readonly start: () => void
  /** For good; requests under way fail with `reason`. */
  readonly stop: (reason: ChatClientError) => void
  /** Ends a wait between two attempts: the network may be back. */
  readonly retryNow: () => void
  /** The successor is prepared: it takes the place. What is under way on the one before is left to finish there. */
  readonly changeOver: () => void
  readonly request: Request
}

type State = {
  stopped: boolean
  /** Attempts in a row that came to nothing, or did not live long. */
  failures: number
  wasEverReady: boolean
  /** The last refusal of a token, if none was taken since. */
  refused: Refusal | undefined
  dialing: Dialing | undefined
  present: Link | undefined
  /** Their place was taken, and they are not ended yet. */
  readonly former: Set<Link>
  /** Present while an attempt is waited for. */
  cancelRetry: (() => void) | undefined
}

export const makeConnection = (deps: ConnectionDeps): Connection => {
  const { on } = deps
  const state: State = {
    stopped: false,
    failures: 0,
    wasEverReady: false,
    refused: undefined,
    dialing: undefined,
    present: undefined,
    former: new Set(),
    cancelRetry: undefined,
  }
  const linkEvents: LinkEvents = {
    messages: on.messages,
    error: on.error,
    disconnect: (link, frame) => disconnecting(parts, link, frame),
    ended: (link) => ended(parts, link),
  }
  const change = makeChange({
    ...deps,
    on: { ...linkEvents, ready: ({ request }) => on.successor(request), lost: on.successorLost },
  })
  const parts: Parts = { deps, state, change, linkEvents }
  return {
    start: () => begin(parts),
    stop: (reason) => stop(parts, reason),
    retryNow: () => {
      if (state.cancelRetry === undefined) return
      state.cancelRetry()
      begin(parts)
    },
    changeOver: () => changeOver(parts),
    request: (frame, accepts) =>
      state.present === undefined
        ? Promise.reject(new ChatClientError('disconnected', 'There is no connection.', { temporary: true }))
        : state.present.request(frame, accepts),
  }
}

type Parts = {
  readonly deps: ConnectionDeps
  readonly state: State
  readonly change: Change
  readonly linkEvents: LinkEvents
}

const begin = (parts: Parts) => {
  const { deps, state, linkEvents } = parts
  state.cancelRetry = undefined
  if (state.stopped) return
  const attempt = state.failures + 1
  deps.on.connecting(attempt)
  // Whoever is told of something may close the client at once: here, and below wherever it goes on after a word.
  if (state.stopped) return
  const dialing = dial({
    deps,
    attempt,
    refused: state.refused,
    on: {
      ...linkEvents,
      ready: (link) => {
        state.wasEverReady = true
        state.refused = undefined
        adopt(parts, link)
        deps.on.ready(link.hello)
      },
      failed: (failure) => {
        state.dialing = undefined
        judge(parts, failure)
      },
    },
  })
  if (state.stopped) dialing.giveUp(connectionLost())
  else state.dialing = dialing
}

/** From now on this is the connection. */
const adopt = ({ state, change }: Parts, link: Link) => {
  state.dialing = undefined
  state.present = link
  change.plan(link)
}

const judge = (parts: Parts, failure: Failure) => {
  const { deps } = parts
  if (failure.kind === 'refused') judgeRefusal(parts, failure)
  else {
    if (failure.kind === 'tokenless') deps.on.error(failure.error)
    retryLater(parts)
  }
}

const judgeRefusal = (parts: Parts, refusal: Refusal) => {
  const { state } = parts
  const { token, error } = refusal
  const mayHaveGoneStale = error.code === 'unauthorized' && token !== undefined && state.refused === undefined
  // The server may still count connections of ours that are dead: that passes.
  const mayPass = error.code === 'rate_limited' && state.wasEverReady
  if (mayHaveGoneStale) {
    state.refused = refusal
    begin(parts)
  } else if (mayPass) retryLater(parts)
  else stop(parts, error)
}

const disconnecting = (parts: Parts, link: Link, frame: DisconnectFrame) => {
  const { deps, state, change } = parts
  if (link !== state.present) {
    link.end(connectionLost())
    return
  }
  const reason = errorOfDisconnect(frame)
  deps.on.disconnect(frame)
  if (state.stopped) return
  if (!frame.reconnect) stop(parts, reason)
  else if (frame.code === closeCodes.maxAge) change.begin()
  else link.end(reason)
}

const ended = (parts: Parts, link: Link) => {
  const { deps, state, change } = parts
  state.former.delete(link)
  if (state.stopped || link !== state.present) return
  state.present = undefined
  const successor = change.take()
  if (successor === undefined) {
    change.cancel(connectionLost())
    retryLater(parts, link)
  } else {
    state.failures = 0
    adopt(parts, successor)
    deps.on.ready(successor.hello)
  }
}

const changeOver = (parts: Parts) => {
  const { deps, state, change } = parts
  const successor = change.take()
  const { present } = state
  if (successor === undefined || present === undefined) return
  state.failures = 0
  state.former.add(present)
  adopt(parts, successor)
  deps.on.changed(successor.hello)
  present.retire()
}

/** @param lost the connection that there was, if there was one */
const retryLater = (parts: Parts, lost?: Link) => {
  const { deps, state } = parts
  const { timers, timings, backoff, on } = deps
  if (state.stopped) return
  const lived = lost !== undefined && timers.now() - lost.readyAtMs >= timings.stableMs
  state.failures = lived ? 1 : state.failures + 1
  const retryInMs = backoff(state.failures)
  state.cancelRetry = timers.after(retryInMs, () => begin(parts))
  on.lost(retryInMs)
}

const stop = ({ deps, state, change }: Parts, reason: ChatClientError) => {
  if (state.stopped) return
  const { cancelRetry, dialing, present, former } = state
  state.stopped = true
  state.cancelRetry = undefined
  state.dialing = undefined
  state.present = undefined
  cancelRetry?.()
  change.stop(reason)
  dialing?.giveUp(reason)
  present?.end(reason)
  for (const link of former) link.end(reason)
  deps.on.closed(reason)
}
