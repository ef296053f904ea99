import type { Limits } from '../../protocol/limits.ts'
import type { Head, JoinedFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Backoff, Timers, Timings } from '../api/timing.ts'
import type { Calls } from '../connection/calls.ts'
import { type Loop, makeLoop, type Next } from '../primitives/loop.ts'
import { type JoinCalls, makeRoomMove, type RoomMove } from './rollover-join.ts'
import type { Arrival, JoinArrival, RoomTimeline } from './timeline.ts'

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
    /** What a join brought: the first page, what was missed, or the page to begin anew with. */
    readonly page: (frame: JoinedFrame, arrival: JoinArrival) => void
    /** On the present connection this user is a member now. */
    readonly joined: () => void
    /** And on the one that is to take its place. */
    readonly moved: () => void
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
  /** Another connection is to take the place of the present one, which goes on: joins on it as well. */
  readonly move: (calls: JoinCalls) => void
  /** It will not. */
  readonly stay: () => void
  /** Passes on what arrived, and fetches what it shows to be missing. */
  readonly apply: (arrival: Arrival) => void
  /** What the server says the last message is; null: this connection is not a member. */
  readonly learn: (head: Head | null) => void
  /** Joins again; resolves when the room is up to date. */
  readonly refresh: () => Promise<void>
  /** Another number after each gap that could not be filled, and in each room that was joined anew. */
  readonly resets: () => number
  readonly close: (reason: ChatClientError) => void
  /** Resolves when nothing that was asked for is without an answer. */
  readonly settled: () => Promise<void>
}

type State = {
  mustJoin: boolean
  isJoining: boolean
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
    isJoining: false,
    joinedOnce: false,
    live: false,
    closed: false,
    failures: 0,
    resets: nextReset(),
    refreshers: [],
  }
  const move: RoomMove = makeRoomMove({
    ...deps,
    request: () => joinRequest(deps, state),
    mayAsk: () => !state.mustJoin && !state.isJoining,
    on: {
      joined: (frame) => {
        take(deps, state, frame)
        deps.on.moved()
      },
      lost: deps.on.lost,
      idle: () => loop.wake(),
    },
  })
  const loop = makeLoop({ timers: deps.timers, step: () => step(deps, state, move) })
  const apply = (arrival: Arrival) => {
    deps.on.arrival(arrival)
    attend(deps, state, loop, arrival.rejoin)
  }
  return {
    resume: loop.start,
    suspend: () => {
      state.live = false
      state.mustJoin = true
      move.cancel()
      loop.stop()
    },
    move: move.begin,
    stay: move.cancel,
    apply,
    learn: (head) => {
      if (head !== null) apply(deps.timeline.learn(head))
      else if (state.live) attend(deps, state, loop, true)
    },
    refresh: () => {
      const outcome = Promise.withResolvers<void>()
      state.refreshers.push(outcome)
      attend(deps, state, loop, true)
      return outcome.promise
    },
    resets: () => state.resets,
    close: (reason) => {
      state.closed = true
      move.cancel()
      loop.stop()
      for (const outcome of state.refreshers.splice(0)) outcome.reject(reason)
    },
    settled: async () => {
      await Promise.all([loop.settled(), move.settled()])
    },
  }
}

const attend = ({ timeline, timings }: Deps, state: State, loop: Loop, rejoin: boolean) => {
  if (rejoin) {
    state.mustJoin = true
    loop.wake()
  } else if (timeline.isBehind()) loop.wakeIn(timings.holeWaitMs)
}

/** One step towards being joined and up to date. */
const step = async (deps: Deps, state: State, move: RoomMove): Promise<Next> => {
  const task = dueTask(deps, state, move)
  if (task === 'wait') return 'idle'
  if (task === 'rest') return rest(deps, state)
  try {
    if (task === 'join') await join(deps, state)
    else await fill(deps, state)
    state.failures = 0
    if (task === 'join') move.wake()
    return 'again'
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    return afterFailure(deps, state, error, task)
  }
}

const dueTask = ({ timeline }: Deps, { mustJoin }: State, move: RoomMove) => {
  if (mustJoin && !move.isUnderWay()) return 'join'
  if (timeline.isBehind()) return 'fill'
  return mustJoin ? 'wait' : 'rest'
}

const join = async (deps: Deps, state: State): Promise<void> => {
  const { timeline, calls, on } = deps
  const request = joinRequest(deps, state)
  timeline.hold()
  // Whoever asks for another join while this one is under way gets one.
  state.mustJoin = false
  state.isJoining = true
  let isJoined = false
  try {
    const frame = await calls.joinRoom(request)
    if (state.closed) return
    isJoined = true
    take(deps, state, frame)
    // Whoever is handed a message may leave the room.
    if (!state.closed) on.joined()
  } finally {
    state.isJoining = false
    if (!isJoined) state.mustJoin = true
  }
}

const joinRequest = ({ roomId, limit, limits, timeline }: Deps, { joinedOnce }: State) => ({
  roomId,
  ...(joinedOnce && { since: timeline.cursor() }),
  ...(limit && { limit: Math.min(limit, limits().historyPageMax) }),
})

const take = ({ timeline, on }: Deps, state: State, frame: JoinedFrame) => {
  const arrival = timeline.joined(frame)
  state.joinedOnce = true
  if (arrival.reset) state.resets = nextReset()
  if (arrival.rejoin) state.mustJoin = true
  on.page(frame, arrival)
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

type Asked = 'join' | 'fill'

const afterFailure = ({ backoff, on }: Deps, state: State, error: ChatClientError, task: Asked): Next => {
  if (state.closed || error.code === 'closed') return 'idle'
  // Without a connection this waits in vain: the next one starts the loop again.
  if (!error.temporary && error.code !== 'disconnected') {
    // A handler that fails is no reason to give up a room that one is in. Nor is a page of history that is refused,
    // though a join may be wanted by now: that one has not been tried yet.
    const isFinal = task === 'join' && (error.code !== 'internal' || !state.joinedOnce)
    if (isFinal) {
      on.lost(error)
      return 'idle'
    }
    // Whatever keeps history from us, a join tells it apart: another epoch, no member, no right to the room.
    if (task === 'fill') state.mustJoin = true
  }
  state.failures += 1
  return { waitMs: Math.max(error.retryAfterMs ?? 0, backoff(state.failures)) }
}
