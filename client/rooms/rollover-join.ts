import type { JoinedFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Backoff, Timers } from '../api/timing.ts'
import type { Calls } from '../connection/calls.ts'
import { makeLoop, type Next } from '../primitives/loop.ts'
import type { RoomTimeline } from './timeline.ts'

export type JoinCalls = Pick<Calls, 'joinRoom'>

type Deps = {
  readonly timeline: Pick<RoomTimeline, 'overlap' | 'endOverlap'>
  readonly timers: Timers
  readonly backoff: Backoff
  /** What is asked for: to go on from where the room stands. */
  readonly request: () => Parameters<JoinCalls['joinRoom']>[0]
  /** Not while the room is joined on the present connection: of two joins at a time both may begin it anew. */
  readonly mayAsk: () => boolean
  readonly on: {
    readonly joined: (frame: JoinedFrame) => void
    /** The room cannot be joined any more. */
    readonly lost: (error: ChatClientError) => void
    /** Nothing is under way any more, whatever came of it. */
    readonly idle: () => void
  }
}

/** Joins a room on the connection that is to take the place of the present one, which goes on meanwhile. */
export type RoomMove = {
  readonly begin: (calls: JoinCalls) => void
  /** That connection is gone, or is the present one now. */
  readonly cancel: () => void
  /** It may ask now, if it might not before. */
  readonly wake: () => void
  readonly isUnderWay: () => boolean
  /** Resolves when nothing is under way. */
  readonly settled: () => Promise<void>
}

type State = { next: JoinCalls | undefined; isUnderWay: boolean; failures: number }

export const makeRoomMove = (deps: Deps): RoomMove => {
  const state: State = { next: undefined, isUnderWay: false, failures: 0 }
  const loop = makeLoop({ timers: deps.timers, step: () => step(deps, state) })
  return {
    begin: (calls) => {
      state.next = calls
      state.failures = 0
      loop.start()
    },
    cancel: () => {
      state.next = undefined
      loop.stop()
    },
    wake: loop.wake,
    isUnderWay: () => state.isUnderWay,
    settled: loop.settled,
  }
}

const step = async (deps: Deps, state: State): Promise<Next> => {
  const { next } = state
  if (next === undefined || !deps.mayAsk()) return 'idle'
  state.isUnderWay = true
  deps.timeline.overlap()
  try {
    const frame = await next.joinRoom(deps.request())
    if (state.next === next) {
      state.next = undefined
      deps.on.joined(frame)
    }
    return 'idle'
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    return state.next === next ? afterFailure(deps, state, error) : 'idle'
  } finally {
    deps.timeline.endOverlap()
    state.isUnderWay = false
    deps.on.idle()
  }
}

const afterFailure = ({ backoff, on }: Deps, state: State, error: ChatClientError): Next => {
  // A handler that fails is no reason to give up a room that one is in.
  if (!error.temporary && error.code !== 'internal') {
    on.lost(error)
    return 'idle'
  }
  state.failures += 1
  return { waitMs: Math.max(error.retryAfterMs ?? 0, backoff(state.failures)) }
}
