import type { Limits } from '../../protocol/limits.ts'
import type { Head, JoinedFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Backoff, Timers, Timings } from '../api/timing.ts'
import type { Calls } from '../connection/calls.ts'
import { type Loop, makeLoop, type Next } from '../primitives/loop.ts'
import { enterPhase, isClosed, type Membership, requireJoin } from './membership.ts'
import { type JoinCalls, makeRolloverJoin, type RolloverJoin } from './rollover-join.ts'
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
    /** A join returned the first page, the messages since the cursor, or a page after a gap. */
    readonly page: (frame: JoinedFrame, arrival: JoinArrival) => void
    /** A page of missing messages arrived. */
    readonly filled: (arrival: Arrival) => void
    /** The current connection has become a member. */
    readonly joined: () => void
    /** The second connection of a rollover has become a member. */
    readonly joinedForRollover: () => void
    /** The room is up to date on the current connection. */
    readonly live: () => void
    /** The room cannot be joined any longer. */
    readonly lost: (error: ChatClientError) => void
  }
}

/** Keeps the timeline of a room joined and up to date while there is a connection. */
export type RoomSync = {
  /** Joins on a new connection. */
  readonly resume: () => void
  /** Pauses until `resume`, because the connection was lost. */
  readonly suspend: () => void
  /** Joins on the second connection of a rollover as well; the current one stays in use. */
  readonly beginRollover: (calls: JoinCalls) => void
  /** Forgets the second connection, which was lost before it became the current one. */
  readonly cancelRollover: () => void
  /** Fetches what the timeline shows to be missing, or joins again if it cannot follow. */
  readonly catchUp: (needsRejoin: boolean) => void
  /** Takes the room's head from the server; null means that this connection is not a member. */
  readonly learnHead: (head: Head | null) => void
  /** Joins again; resolves when the room is up to date. */
  readonly refresh: () => Promise<void>
  /** Returns a number that changes with each unfilled gap and differs in each room that is joined anew. */
  readonly resets: () => number
  /** Stops permanently; pending refreshes fail with `reason`. */
  readonly close: (reason: ChatClientError) => void
  /** Resolves when no join and no history request is in flight. */
  readonly settled: () => Promise<void>
}

type State = {
  phase: Membership
  /** True once the room was joined on any connection, so that later joins continue from the cursor. */
  hasJoined: boolean
  failures: number
  resets: number
  readonly refreshers: PromiseWithResolvers<void>[]
}

/** Never the same number twice, so that a room that is left and joined again differs from the one before. */
let lastReset = 0
const nextReset = (): number => ++lastReset

/** Creates the synchronization of one room, suspended until `resume`. */
export const makeRoomSync = (deps: Deps): RoomSync => {
  const state: State = {
    phase: { name: 'outside', caughtUp: false },
    hasJoined: false,
    failures: 0,
    resets: nextReset(),
    refreshers: [],
  }
  const rollover: RolloverJoin = makeRolloverJoin({
    ...deps,
    request: () => joinRequest(deps, state),
    mayAsk: () => state.phase.name === 'joined',
    on: {
      joined: (frame) => {
        takeJoined(deps, state, frame)
        deps.on.joinedForRollover()
      },
      lost: deps.on.lost,
      idle: () => loop.wake(),
    },
  })
  const loop = makeLoop({ timers: deps.timers, step: () => step(deps, state, rollover) })
  const catchUp = (needsRejoin: boolean) => scheduleJoinOrFill(deps, state, loop, needsRejoin)
  return {
    resume: loop.start,
    suspend: () => {
      requireJoin(state, false)
      rollover.cancel()
      loop.stop()
    },
    beginRollover: rollover.begin,
    cancelRollover: rollover.cancel,
    catchUp,
    learnHead: (head) => {
      if (head !== null) catchUp(deps.timeline.learn(head).rejoin)
      else if (state.phase.caughtUp) catchUp(true)
    },
    refresh: () => {
      const outcome = Promise.withResolvers<void>()
      state.refreshers.push(outcome)
      catchUp(true)
      return outcome.promise
    },
    resets: () => state.resets,
    close: (reason) => {
      enterPhase(state, { name: 'closed', caughtUp: false })
      rollover.cancel()
      loop.stop()
      for (const outcome of state.refreshers.splice(0)) outcome.reject(reason)
    },
    settled: async () => {
      await Promise.all([loop.settled(), rollover.settled()])
    },
  }
}

const scheduleJoinOrFill = ({ timeline, timings }: Deps, state: State, loop: Loop, needsRejoin: boolean) => {
  if (needsRejoin) {
    requireJoin(state)
    loop.wake()
  } else if (timeline.isBehind()) loop.wakeIn(timings.holeWaitMs)
}

/** Takes one step towards being joined and up to date. */
const step = async (deps: Deps, state: State, rollover: RolloverJoin): Promise<Next> => {
  const task = dueTask(deps, state, rollover)
  if (task === 'wait') return 'idle'
  if (task === 'rest') return rest(deps, state)
  try {
    if (task === 'join') await join(deps, state)
    else await fill(deps, state)
    state.failures = 0
    if (task === 'join') rollover.wake()
    return 'again'
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    return afterFailure(deps, state, error, task)
  }
}

const dueTask = ({ timeline }: Deps, { phase }: State, rollover: RolloverJoin) => {
  const mustJoin = phase.name !== 'joined'
  if (mustJoin && !rollover.isInFlight()) return 'join'
  if (timeline.isBehind()) return 'fill'
  return mustJoin ? 'wait' : 'rest'
}

const join = async (deps: Deps, state: State): Promise<void> => {
  const { timeline, calls, on } = deps
  const request = joinRequest(deps, state)
  timeline.hold()
  enterPhase(state, { name: 'joining', caughtUp: state.phase.caughtUp, joinAgain: false })
  let isJoined = false
  try {
    const frame = await calls.joinRoom(request)
    if (isClosed(state)) return
    isJoined = true
    takeJoined(deps, state, frame)
    // A listener that receives a message may leave the room.
    if (!isClosed(state)) on.joined()
  } finally {
    const { phase } = state
    const joinAgain = phase.name === 'joining' && phase.joinAgain
    enterPhase(state, { name: isJoined && !joinAgain ? 'joined' : 'outside', caughtUp: phase.caughtUp })
  }
}

const joinRequest = ({ roomId, limit, limits, timeline }: Deps, { hasJoined }: State) => ({
  roomId,
  ...(hasJoined && { since: timeline.cursor() }),
  ...(limit && { limit: Math.min(limit, limits().historyPageMax) }),
})

const takeJoined = ({ timeline, on }: Deps, state: State, frame: JoinedFrame) => {
  const arrival = timeline.joined(frame)
  state.hasJoined = true
  if (arrival.reset) state.resets = nextReset()
  if (arrival.rejoin) requireJoin(state)
  on.page(frame, arrival)
}

/** Fetches the page after the last message that is in order. */
const fill = async ({ roomId, timeline, calls, limits, on }: Deps, state: State): Promise<void> => {
  const { epoch, seq } = timeline.cursor()
  const frame = await calls.getHistory({
    roomId,
    ...(epoch !== null && { epoch }),
    after: seq,
    // The server also cuts the page by bytes.
    limit: limits().historyPageMax,
  })
  if (isClosed(state)) return
  const arrival = timeline.history(frame)
  on.filled(arrival)
  if (arrival.rejoin) requireJoin(state)
  else if (timeline.isBehind() && timeline.cursor().seq === seq) {
    throw new ChatClientError('not_found', `The room ${roomId} has nothing after ${seq} yet.`, {
      temporary: true,
    })
  }
}

const rest = ({ on }: Deps, state: State): Next => {
  if (!state.phase.caughtUp) {
    enterPhase(state, { name: 'joined', caughtUp: true })
    on.live()
  }
  for (const outcome of state.refreshers.splice(0)) outcome.resolve()
  return 'idle'
}

const afterFailure = (
  { backoff, on }: Deps,
  state: State,
  error: ChatClientError,
  task: 'join' | 'fill',
): Next => {
  if (isClosed(state) || error.code === 'closed') return 'idle'
  // After `disconnected`, the wait below has no effect: the next connection starts the loop again.
  if (!error.temporary && error.code !== 'disconnected') {
    // A failing handler is no reason to give up a joined room. Nor is a refused page of history: a join may be due by
    // now that has not been tried yet.
    const isFinal = task === 'join' && (error.code !== 'internal' || !state.hasJoined)
    if (isFinal) {
      on.lost(error)
      return 'idle'
    }
    // A join tells why history was refused: another epoch, a lost membership, or a missing right.
    if (task === 'fill') requireJoin(state)
  }
  state.failures += 1
  return { waitMs: Math.max(error.retryAfterMs ?? 0, backoff(state.failures)) }
}
