import type { ChatClientError } from '../api/errors.ts'
import type { Backoff } from '../api/timing.ts'
import { type DialDeps, dial, type Failure, type PendingDial, type SessionEvents } from './dial.ts'
import { connectionLost, errorOfDisconnect } from './frame-errors.ts'
import type { Session } from './session.ts'

/** Dependencies of `makeRollover`. */
export type RolloverDeps = DialDeps & {
  readonly backoff: Backoff
  /** Random number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
  readonly on: SessionEvents & {
    /** The second connection is ready: prepare it, then `take` it. */
    readonly ready: (session: Session) => void
    /** The second connection was lost before it was taken; another attempt follows. */
    readonly lost: () => void
  }
}

/**
 * Opens a second connection before the server closes the current one for its age, so that the second can replace the
 * first without a gap. A failure of the second connection leaves the current one alone.
 */
export type Rollover = {
  /** Schedules the rollover of a new current connection, before it reaches its maximum age. */
  readonly plan: (current: Session) => void
  /** Opens the second connection now, ending a wait, unless it is being opened or is ready already. */
  readonly begin: () => void
  /** Returns the second connection if it is ready, and leaves it to the caller. */
  readonly take: () => Session | undefined
  /** Cancels the rollover; a second connection ends with `reason`. */
  readonly cancel: (reason: ChatClientError) => void
  /** Cancels the rollover and all future ones. */
  readonly stop: (reason: ChatClientError) => void
}

/**
 * Phase of a rollover. Transitions:
 * idle → waiting → connecting → ready → idle (taken), connecting and ready → waiting (failed or lost),
 * every phase → idle (cancelled), and every phase → stopped.
 */
type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'waiting'; readonly cancel: () => void }
  /** An attempt is being made. `pending` is missing until the attempt has a handle to give it up. */
  | { readonly name: 'connecting'; readonly pending?: PendingDial }
  | { readonly name: 'ready'; readonly session: Session }
  | { readonly name: 'stopped' }

type State = { phase: Phase; failures: number }

/** The only place that changes the phase. @returns false if the rollover is stopped, which is final */
const enterPhase = (state: State, phase: Phase): boolean => {
  if (state.phase.name === 'stopped') return false
  if (state.phase.name === 'waiting') state.phase.cancel()
  state.phase = phase
  return true
}

/** Creates a rollover with nothing planned. */
export const makeRollover = (deps: RolloverDeps): Rollover => {
  const state: State = { phase: { name: 'idle' }, failures: 0 }
  const leave = (to: Phase, reason: ChatClientError) => {
    const { phase } = state
    if (!enterPhase(state, to)) return
    if (phase.name === 'connecting') phase.pending?.giveUp(reason)
    if (phase.name === 'ready') phase.session.end(reason)
  }
  return {
    plan: (current) => {
      state.failures = 0
      const waitMs = timeToRollover(deps, current)
      if (waitMs === undefined) enterPhase(state, { name: 'idle' })
      else wait(deps, state, waitMs)
    },
    begin: () => {
      if (state.phase.name === 'idle' || state.phase.name === 'waiting') beginAttempt(deps, state)
    },
    take: () => {
      if (state.phase.name !== 'ready') return undefined
      const { session } = state.phase
      enterPhase(state, { name: 'idle' })
      return session
    },
    cancel: (reason) => leave({ name: 'idle' }, reason),
    stop: (reason) => leave({ name: 'stopped' }, reason),
  }
}

/** Longest delay of a timer in browsers and Node, in ms: 2^31 - 1, or 24.8 days. A longer one fires immediately. */
const maxTimerMs = 2 ** 31 - 1

/**
 * Returns the delay in ms, or undefined for a connection without maximum age. The moment is random between two shares
 * of that age, so that clients that connected together do not roll over together.
 */
const timeToRollover = ({ timers, timings, random }: RolloverDeps, { hello, begunAtMs }: Session) => {
  const ageMs = (hello.maxAgeSeconds ?? 0) * 1000
  if (ageMs <= 0) return undefined
  const { changeEarliestShare, changeLatestShare } = timings
  const share = changeEarliestShare + random() * (changeLatestShare - changeEarliestShare)
  return Math.min(Math.max(0, begunAtMs + share * ageMs - timers.now()), maxTimerMs)
}

const wait = (deps: RolloverDeps, state: State, waitMs: number) => {
  if (state.phase.name === 'stopped') return
  enterPhase(state, { name: 'waiting', cancel: deps.timers.after(waitMs, () => beginAttempt(deps, state)) })
}

const beginAttempt = (deps: RolloverDeps, state: State) => {
  const { on } = deps
  if (!enterPhase(state, { name: 'connecting' })) return
  const isReady = (session: Session) => state.phase.name === 'ready' && state.phase.session === session
  const pending = dial({
    deps,
    attempt: state.failures + 1,
    on: {
      ...on,
      ready: (session) => {
        enterPhase(state, { name: 'ready', session })
        on.ready(session)
      },
      failed: (failure) => {
        enterPhase(state, { name: 'idle' })
        reportFailure(deps, failure)
        retryLater(deps, state)
      },
      disconnect: (session, frame) => {
        if (!isReady(session)) {
          on.disconnect(session, frame)
          return
        }
        // Only on the current connection does this frame concern the whole client.
        if (!frame.reconnect) on.error(errorOfDisconnect(frame))
        session.end(connectionLost())
      },
      ended: (session) => {
        if (!isReady(session)) {
          on.ended(session)
          return
        }
        enterPhase(state, { name: 'idle' })
        on.lost()
        retryLater(deps, state)
      },
    },
  })
  // `getToken` may have stopped the client or cancelled the rollover.
  if (state.phase.name === 'connecting') enterPhase(state, { name: 'connecting', pending })
  else pending.giveUp(connectionLost())
}

/** Reports a failed attempt, unless only the network failed, while the current connection still works. */
const reportFailure = ({ on }: RolloverDeps, failure: Failure) => {
  if (failure.kind !== 'unreachable') on.error(failure.error)
}

const retryLater = (deps: RolloverDeps, state: State) => {
  state.failures += 1
  wait(deps, state, deps.backoff(state.failures))
}
