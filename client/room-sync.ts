import type { Limits } from '../core/protocol/limits.ts'
import type { Head, JoinedFrame } from '../core/protocol/server-frames.ts'
import type { Backoff } from './backoff.ts'
import type { Calls } from './calls.ts'
import { ChatClientError } from './chat-client-error.ts'
import { type Loop, makeLoop, type Next } from './loop.ts'
import type { Arrival, JoinArrival, RoomTimeline } from './room-timeline.ts'
import type { Timers } from './timers.ts'
import type { Timings } from './timings.ts'

type Deps = {
  readonly roomId: string
  readonly limit: number | undefined
  readonly timeline: RoomTimeline
  readonly calls: Pick<Calls, 'joinRoom' | 'getHistory'>
  readonly timers: Timers
  readonly timings: Timings
  readonly backoff: Backoff
  readonly limits: () => Pick<Limits, 'historyPageMax'>
  readonly on: {
    readonly arrival: (arrival: Arrival) => void
    /** Joined, the first time or again: on the present connection this user is a member now. */
    readonly joined: (frame: JoinedFrame, arrival: JoinArrival) => void
    /** Up to date on the present connection. */
    readonly live: () => void
    /** The room cannot be joined any more. */
    readonly lost: (error: ChatClientError) => void
  }
}

/** Keeps a timeline joined and up to date while there is a connection. */
export type RoomSync = {
  readonly resume: () => void
  readonly suspend: () => void
  /** Passes on what arrived, and fetches what it shows to be missing. */
  readonly apply: (arrival: Arrival) => void
  /** What the server says the last message is; null: this connection is not a member. */
  readonly learn: (head: Head | null) => void
  /** Joins again; resolves when the room is up to date. */
  readonly refresh: () => Promise<void>
  /** Another number after each gap that could not be filled, and in each room that was joined anew. */
  readonly resets: () => number
  readonly close: (reason: ChatClientError) => void
}

type State = {
  mustJoin: boolean
  joinedOnce: boolean
  live: boolean
  closed: boolean
  failures: number
  resets: number
  readonly refreshers: PromiseWithResolvers<void>[]
}

/** Never the same number twice, so that a room that was left and joined again is not taken for the one before. */
let lastReset = 0
const nextReset = (): number => ++lastReset

export const makeRoomSync = (deps: Deps): RoomSync => {
  const state: State = {
    mustJoin: true,
    joinedOnce: false,
    live: false,
    closed: false,
    failures: 0,
    resets: nextReset(),
    refreshers: [],
  }
  const loop = makeLoop({ timers: deps.timers, step: () => step(deps, state) })
  const apply = (arrival: Arrival) => {
    deps.on.arrival(arrival)
    attend(deps, state, loop, arrival)
  }
  return {
    resume: loop.start,
    suspend: () => {
      state.live = false
      state.mustJoin = true
      loop.stop()
    },
    apply,
    learn: (head) => {
      if (head !== null) apply(deps.timeline.learn(head))
      else if (state.live) attend(deps, state, loop, { rejoin: true })
    },
    refresh: () => {
      const outcome = Promise.withResolvers<void>()
      state.refreshers.push(outcome)
      attend(deps, state, loop, { rejoin: true })
      return outcome.promise
    },
    resets: () => state.resets,
    close: (reason) => {
      state.closed = true
      loop.stop()
      for (const outcome of state.refreshers.splice(0)) outcome.reject(reason)
    },
  }
}

const attend = (
  { timeline, timings }: Deps,
  state: State,
  loop: Loop,
  { rejoin }: Pick<Arrival, 'rejoin'>,
) => {
  if (rejoin) {
    state.mustJoin = true
    loop.wake()
  } else if (timeline.isBehind()) loop.wakeIn(timings.holeWaitMs)
}

/** One step towards being joined and up to date. */
const step = async (deps: Deps, state: State): Promise<Next> => {
  try {
    if (state.mustJoin) await join(deps, state)
    else if (deps.timeline.isBehind()) await fill(deps, state)
    else return rest(deps, state)
    state.failures = 0
    return 'again'
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    return afterFailure(deps, state, error)
  }
}

const join = async (deps: Deps, state: State): Promise<void> => {
  const { roomId, timeline, calls, on } = deps
  const limit = deps.limit && Math.min(deps.limit, deps.limits().historyPageMax)
  const since = state.joinedOnce ? timeline.cursor() : undefined
  timeline.hold()
  // Whoever asks for another join while this one is under way gets one.
  state.mustJoin = false
  let arrival: JoinArrival | undefined
  try {
    const frame = await calls.joinRoom({ roomId, ...(since && { since }), ...(limit && { limit }) })
    if (state.closed) return
    arrival = timeline.joined(frame)
    state.joinedOnce = true
    if (arrival.reset) state.resets = nextReset()
    on.joined(frame, arrival)
  } finally {
    if (arrival === undefined || arrival.rejoin) state.mustJoin = true
  }
}

/** Fetches the page after the last message that is in order. */
const fill = async ({ roomId, timeline, calls, limits, on }: Deps, state: State): Promise<void> => {
  const { epoch, seq } = timeline.cursor()
  const frame = await calls.getHistory({
    roomId,
    ...(epoch !== null && { epoch }),
    after: seq,
    // The server cuts it shorter by bytes.
    limit: limits().historyPageMax,
  })
  if (state.closed) return
  const arrival = timeline.history(frame)
  on.arrival(arrival)
  if (arrival.rejoin) state.mustJoin = true
  else if (timeline.isBehind() && timeline.cursor().seq === seq) {
    throw new ChatClientError('not_found', `The room ${roomId} has nothing after ${seq} yet.`, {
      temporary: true,
    })
  }
}

const rest = ({ on }: Deps, state: State): Next => {
  if (!state.live) {
    state.live = true
    on.live()
  }
  for (const outcome of state.refreshers.splice(0)) outcome.resolve()
  return 'idle'
}

const afterFailure = ({ backoff, on }: Deps, state: State, error: ChatClientError): Next => {
  // The connection is gone: the next one wakes this loop.
  if (state.closed || error.code === 'disconnected' || error.code === 'closed') return 'idle'
  if (!error.temporary) {
    // A handler that fails is no reason to give up a room that one is in.
    const isFinal = state.mustJoin && (error.code !== 'internal' || !state.joinedOnce)
    if (isFinal) {
      on.lost(error)
      return 'idle'
    }
    // Whatever keeps history from us, a join tells it apart: another epoch, no member, no right to the room.
    state.mustJoin = true
  }
  state.failures += 1
  return { waitMs: Math.max(error.retryAfterMs ?? 0, backoff(state.failures)) }
}
