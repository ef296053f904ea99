import type { JoinedFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Backoff, Timers } from '../api/timing.ts'
import type { Calls } from '../connection/calls.ts'
import { makeLoop, type Next } from '../primitives/loop.ts'
import type { RoomTimeline } from './timeline.ts'

/** The action that a room needs on the second connection. */
export type JoinCalls = Pick<Calls, 'joinRoom'>

type Deps = {
  readonly timeline: Pick<RoomTimeline, 'overlap' | 'endOverlap'>
  readonly timers: Timers
  readonly backoff: Backoff
  /** Returns the join request, which continues from the room's cursor. */
  readonly request: () => Parameters<JoinCalls['joinRoom']>[0]
  /** False while a join on the current connection is due or in flight: two joins at a time could both reset the room. */
  readonly mayAsk: () => boolean
  readonly on: {
    readonly joined: (frame: JoinedFrame) => void
    /** The room cannot be joined any longer. */
    readonly lost: (error: ChatClientError) => void
    /** The join in flight has ended, whatever its outcome. */
    readonly idle: () => void
  }
}

/** Joins a room on the second connection of a rollover, while the current connection stays in use. */
export type RolloverJoin = {
  readonly begin: (calls: JoinCalls) => void
  /** Forgets the second connection: it was lost, or it is the current one now. */
  readonly cancel: () => void
  /** Tries again, because `mayAsk` may have become true. */
  readonly wake: () => void
  readonly isInFlight: () => boolean
  /** Resolves when no join is in flight. */
  readonly settled: () => Promise<void>
}

/**
 * Phase of the join. Transitions: idle → pending → joining → idle, joining → pending (retry), and joining → abandoned
 * when the rollover is cancelled or begins anew before the reply. An abandoned join ends in idle, or in pending with
 * the calls of the rollover that follows.
 */
type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'pending'; readonly calls: JoinCalls }
  | { readonly name: 'joining'; readonly calls: JoinCalls }
  | { readonly name: 'abandoned'; readonly next: JoinCalls | undefined }

type State = { phase: Phase; failures: number }

/** The only place that changes the phase. */
const enterPhase = (state: State, phase: Phase) => {
  state.phase = phase
}

const isJoining = ({ phase }: State): boolean => phase.name === 'joining'

const isInFlight = ({ phase }: State): boolean => phase.name === 'joining' || phase.name === 'abandoned'

/** Creates the join of one room, idle until `begin`. */
export const makeRolloverJoin = (deps: Deps): RolloverJoin => {
  const state: State = { phase: { name: 'idle' }, failures: 0 }
  const loop = makeLoop({ timers: deps.timers, step: () => step(deps, state) })
  return {
    begin: (calls) => {
      enterPhase(state, isInFlight(state) ? { name: 'abandoned', next: calls } : { name: 'pending', calls })
      state.failures = 0
      loop.start()
    },
    cancel: () => {
      enterPhase(state, isInFlight(state) ? { name: 'abandoned', next: undefined } : { name: 'idle' })
      loop.stop()
    },
    wake: loop.wake,
    isInFlight: () => isInFlight(state),
    settled: loop.settled,
  }
}

const step = async (deps: Deps, state: State): Promise<Next> => {
  if (state.phase.name !== 'pending' || !deps.mayAsk()) return 'idle'
  const { calls } = state.phase
  enterPhase(state, { name: 'joining', calls })
  deps.timeline.overlap()
  try {
    const frame = await calls.joinRoom(deps.request())
    if (isJoining(state)) {
      enterPhase(state, { name: 'abandoned', next: undefined })
      deps.on.joined(frame)
    }
    return 'idle'
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    return isJoining(state) ? afterFailure(deps, state, error) : 'idle'
  } finally {
    deps.timeline.endOverlap()
    settle(state)
    deps.on.idle()
  }
}

/** Leaves the phases of a join in flight. */
const settle = (state: State) => {
  const { phase } = state
  const next = phase.name === 'joining' ? phase.calls : phase.name === 'abandoned' ? phase.next : undefined
  enterPhase(state, next === undefined ? { name: 'idle' } : { name: 'pending', calls: next })
}

const afterFailure = ({ backoff, on }: Deps, state: State, error: ChatClientError): Next => {
  // A failing handler is no reason to give up a joined room.
  if (!error.temporary && error.code !== 'internal') {
    on.lost(error)
    return 'idle'
  }
  state.failures += 1
  return { waitMs: Math.max(error.retryAfterMs ?? 0, backoff(state.failures)) }
}
