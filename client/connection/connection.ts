import { closeCodes } from '../../protocol/codes.ts'
import type { DisconnectFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Backoff } from '../api/timing.ts'
import type { ConnectionEvents } from './connection-events.ts'
import {
  type DialDeps,
  dial,
  type Failure,
  type PendingDial,
  type Refusal,
  type SessionEvents,
} from './dial.ts'
import { connectionLost, errorOfDisconnect } from './frame-errors.ts'
import type { Request } from './requests.ts'
import { makeRollover, type Rollover } from './rollover.ts'
import type { Session } from './session.ts'

/** Dependencies of `makeConnection`. */
export type ConnectionDeps = DialDeps & {
  readonly backoff: Backoff
  /** Random number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
}

/** A connection that is restored, socket after socket, until it is stopped. */
export type Connection = {
  /** Sets the listeners. Call it once, before `start` and `stop`. */
  readonly listen: (on: ConnectionEvents) => void
  /** Begins the first attempt. */
  readonly start: () => void
  /** Stops permanently; pending requests fail with `reason`. */
  readonly stop: (reason: ChatClientError) => void
  /** Begins the next attempt immediately if one is waiting. */
  readonly retryNow: () => void
  /** Makes the second connection the current one. Pending requests finish on the previous connection. */
  readonly completeRollover: () => void
  /** Sends a frame on the current connection. @throws ChatClientError `disconnected` without one; see `Request` */
  readonly request: Request
}

/**
 * Phase of a connection. Transitions:
 * idle → connecting → open → waiting → connecting, connecting → waiting, open → open (rollover), and every phase → stopped.
 */
type Phase =
  | { readonly name: 'idle' }
  /** An attempt is being made. `pending` is missing before it begins and after it has failed. */
  | { readonly name: 'connecting'; readonly pending?: PendingDial }
  | { readonly name: 'open'; readonly session: Session }
  | { readonly name: 'waiting'; readonly cancel: () => void }
  | { readonly name: 'stopped' }

type State = {
  phase: Phase
  /** Consecutive attempts that failed, or whose connection did not live long. */
  failures: number
  wasEverReady: boolean
  /** Last refusal of a token; undefined once a token was accepted. */
  refused: Refusal | undefined
  /** Connections that were replaced and finish their pending requests. */
  readonly retiring: Set<Session>
}

/** The only place that changes the phase. @returns false if the connection is stopped, which is final */
const enterPhase = (state: State, phase: Phase): boolean => {
  if (state.phase.name === 'stopped') return false
  if (state.phase.name === 'waiting') state.phase.cancel()
  state.phase = phase
  return true
}

const isStopped = ({ phase }: State): boolean => phase.name === 'stopped'

const isCurrent = ({ phase }: State, session: Session): boolean =>
  phase.name === 'open' && phase.session === session

/** Creates a connection that is idle until `listen` and `start`. */
export const makeConnection = (deps: ConnectionDeps): Connection => {
  const state: State = {
    phase: { name: 'idle' },
    failures: 0,
    wasEverReady: false,
    refused: undefined,
    retiring: new Set(),
  }
  let parts: Parts | undefined
  const wired = (): Parts => {
    if (parts === undefined) throw new Error('The connection has no listeners: call listen first.')
    return parts
  }
  return {
    listen: (on) => {
      parts = partsOf(deps, state, on)
    },
    start: () => beginAttempt(wired()),
    stop: (reason) => stop(wired(), reason),
    retryNow: () => {
      if (state.phase.name === 'waiting') beginAttempt(wired())
    },
    completeRollover: () => completeRollover(wired()),
    request: (frame, accepts) =>
      state.phase.name === 'open'
        ? state.phase.session.request(frame, accepts)
        : Promise.reject(new ChatClientError('disconnected', 'There is no connection.', { temporary: true })),
  }
}

type Parts = {
  readonly deps: ConnectionDeps
  readonly state: State
  readonly on: ConnectionEvents
  readonly rollover: Rollover
  readonly sessionEvents: SessionEvents
}

const partsOf = (deps: ConnectionDeps, state: State, on: ConnectionEvents): Parts => {
  const sessionEvents: SessionEvents = {
    messages: on.messages,
    error: on.error,
    disconnect: (session, frame) => handleDisconnect(parts, session, frame),
    ended: (session) => handleEnd(parts, session),
  }
  const rollover = makeRollover({
    ...deps,
    on: { ...sessionEvents, ready: ({ request }) => on.rolloverReady(request), lost: on.rolloverLost },
  })
  const parts: Parts = { deps, state, on, rollover, sessionEvents }
  return parts
}

const beginAttempt = (parts: Parts) => {
  const { deps, state, on, sessionEvents } = parts
  if (!enterPhase(state, { name: 'connecting' })) return
  const attempt = state.failures + 1
  on.connecting(attempt)
  // A listener may stop the connection, here and wherever this file calls one.
  if (isStopped(state)) return
  const pending = dial({
    deps,
    attempt,
    refused: state.refused,
    on: {
      ...sessionEvents,
      ready: (session) => {
        state.wasEverReady = true
        state.refused = undefined
        adopt(parts, session)
        on.ready(session.hello)
      },
      failed: (failure) => {
        enterPhase(state, { name: 'connecting' })
        handleDialFailure(parts, failure)
      },
    },
  })
  if (!enterPhase(state, { name: 'connecting', pending })) pending.giveUp(connectionLost())
}

/** Makes a connection the current one. */
const adopt = ({ state, rollover }: Parts, session: Session) => {
  enterPhase(state, { name: 'open', session })
  rollover.plan(session)
}

const handleDialFailure = (parts: Parts, failure: Failure) => {
  if (failure.kind === 'refused') {
    handleRefusal(parts, failure)
    return
  }
  if (failure.kind === 'tokenless') parts.on.error(failure.error)
  retryLater(parts)
}

const handleRefusal = (parts: Parts, refusal: Refusal) => {
  const { state } = parts
  const { token, error } = refusal
  const tokenMayBeStale = error.code === 'unauthorized' && token !== undefined && state.refused === undefined
  // The server may still count dead connections of this client; they expire.
  const mayPass = error.code === 'rate_limited' && state.wasEverReady
  if (tokenMayBeStale) {
    state.refused = refusal
    beginAttempt(parts)
  } else if (mayPass) retryLater(parts)
  else stop(parts, error)
}

const handleDisconnect = (parts: Parts, session: Session, frame: DisconnectFrame) => {
  const { state, on, rollover } = parts
  if (!isCurrent(state, session)) {
    session.end(connectionLost())
    return
  }
  const reason = errorOfDisconnect(frame)
  on.disconnect(frame)
  if (isStopped(state)) return
  if (!frame.reconnect) stop(parts, reason)
  else if (frame.code === closeCodes.maxAge) rollover.begin()
  else session.end(reason)
}

const handleEnd = (parts: Parts, session: Session) => {
  const { state, on, rollover } = parts
  state.retiring.delete(session)
  if (!isCurrent(state, session)) return
  const next = rollover.take()
  if (next === undefined) {
    rollover.cancel(connectionLost())
    retryLater(parts, session)
  } else {
    state.failures = 0
    adopt(parts, next)
    on.ready(next.hello)
  }
}

const completeRollover = (parts: Parts) => {
  const { state, on, rollover } = parts
  if (state.phase.name !== 'open') return
  const previous = state.phase.session
  const next = rollover.take()
  if (next === undefined) return
  state.failures = 0
  state.retiring.add(previous)
  adopt(parts, next)
  on.rolledOver(next.hello)
  previous.retire()
}

/** @param lost connection that was lost, if there was one */
const retryLater = (parts: Parts, lost?: Session) => {
  const { deps, state, on } = parts
  const { timers, timings, backoff } = deps
  if (isStopped(state)) return
  const wasStable = lost !== undefined && timers.now() - lost.readyAtMs >= timings.stableMs
  state.failures = wasStable ? 1 : state.failures + 1
  const retryInMs = backoff(state.failures)
  enterPhase(state, { name: 'waiting', cancel: timers.after(retryInMs, () => beginAttempt(parts)) })
  on.lost(retryInMs)
}

const stop = ({ state, on, rollover }: Parts, reason: ChatClientError) => {
  const { phase, retiring } = state
  if (!enterPhase(state, { name: 'stopped' })) return
  rollover.stop(reason)
  if (phase.name === 'connecting') phase.pending?.giveUp(reason)
  if (phase.name === 'open') phase.session.end(reason)
  for (const session of retiring) session.end(reason)
  on.closed(reason)
}
