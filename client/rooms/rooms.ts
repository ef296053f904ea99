import type { MessagesFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Backoff, Timers, Timings } from '../api/timing.ts'
import type { RoomPage, RoomReset, Sent, UnsentMessage } from '../api/types.ts'
import type { Calls } from '../connection/calls.ts'
import { makeRecent, type Recent } from '../primitives/recent.ts'
import { throwLater } from '../primitives/rethrow.ts'
import type { MessageEvent } from './inbox.ts'
import type { Draft, EarlierTry } from './outgoing.ts'
import { makeQuietWatch, type QuietWatch } from './quiet-watch.ts'
import { requestLeave } from './request-leave.ts'
import { makeRoom, type Room, type RoomDeps } from './room.ts'
import { enterPhase, isClosed, isConnected, type RoomsPhase } from './rooms-phase.ts'

type Deps = {
  readonly calls: Calls
  readonly timers: Timers
  readonly timings: Timings
  readonly backoff: Backoff
  readonly userId: RoomDeps['userId']
  readonly limits: RoomDeps['limits']
  readonly on: {
    readonly message: (event: MessageEvent) => void
    readonly recovered: (event: { roomId: string; missed: number }) => void
    readonly reset: (reset: RoomReset) => void
    readonly left: (event: { roomId: string; error: ChatClientError }) => void
    readonly unsent: (event: { roomId: string }) => void
    /** Every room that was joined before is joined again and complete. */
    readonly upToDate: () => void
    /** Every room is joined on the second connection of a rollover. */
    readonly readyForRollover: () => void
  }
}

/** The rooms of a client, across all its connections. */
export type Rooms = {
  /** Joins a room; resolves with its first page. */
  readonly join: (roomId: string, limit: number | undefined) => Promise<RoomPage>
  readonly leave: (roomId: string) => Promise<void>
  readonly send: (roomId: string, draft: Draft) => Promise<Sent>
  /** Lists unsent messages of one room or all. After `close`: those that were unsent then. */
  readonly unsent: (roomId?: string) => readonly UnsentMessage[]
  /** Returns the epoch of a room; null if it has no messages or is not joined. */
  readonly epochOf: (roomId: string) => string | null
  /** Takes messages that the server pushed. */
  readonly pushed: (frame: MessagesFrame) => void
  /** Joins all rooms on a new connection. @returns false if no room has to catch up */
  readonly resume: () => boolean
  /** Pauses until `resume`, because the connection was lost. */
  readonly suspend: () => void
  /** Joins every room on the second connection of a rollover as well; the current one stays in use. */
  readonly beginRollover: (calls: Calls) => void
  /** Forgets the second connection, which was lost before it became the current one. */
  readonly cancelRollover: () => void
  /** Asks for the heads of all rooms, because pushes may have been lost unnoticed. */
  readonly checkNow: () => void
  /** Leaves all rooms permanently. */
  readonly close: (reason: ChatClientError) => void
}

type State = {
  phase: RoomsPhase
  readonly rooms: Map<string, Room>
  readonly watch: QuietWatch
  /** Kept beyond a room's life: a message may be sent again after its room was left and joined anew. */
  readonly earlierTries: Recent<EarlierTry>
  /** Leaves in flight. A room is joined again only afterwards, because the server may handle both frames at once. */
  readonly leaving: Map<string, Promise<void>>
  /** Rooms that are not complete yet on this connection. */
  readonly resuming: Set<string>
}

/** Failed messages that are remembered for a retry; older ones are sent as if for the first time (our choice). */
const maxEarlierTries = 1000

/** Creates an empty set of rooms without a connection. */
export const makeRooms = (deps: Deps): Rooms => {
  const rooms = new Map<string, Room>()
  const watch = makeQuietWatch({
    ...deps,
    onHeads: (heads) => {
      for (const [roomId, head] of Object.entries(heads)) rooms.get(roomId)?.learnHead(head)
    },
  })
  const state: State = {
    phase: { name: 'disconnected' },
    rooms,
    watch,
    earlierTries: makeRecent<EarlierTry>(maxEarlierTries),
    leaving: new Map(),
    resuming: new Set(),
  }
  return {
    join: (roomId, limit) => (rooms.get(roomId) ?? addRoom(deps, state, roomId, limit)).firstPage,
    leave: (roomId) => leave(deps, state, roomId),
    send: (roomId, draft) =>
      rooms.get(roomId)?.send(draft) ??
      Promise.reject(new ChatClientError('left', `Join the room ${roomId} before you send to it.`)),
    unsent: (roomId) => {
      const all = state.phase.name === 'closed' ? state.phase.unsent : unsentIn(rooms)
      return roomId === undefined ? all : all.filter((message) => message.roomId === roomId)
    },
    epochOf: (roomId) => rooms.get(roomId)?.epoch() ?? null,
    pushed: ({ roomId, epoch, messages }) => rooms.get(roomId)?.pushed(epoch, messages),
    resume: () => resume(state),
    suspend: () => {
      enterPhase(state, { name: 'disconnected' })
      state.resuming.clear()
      watch.stop()
      for (const room of rooms.values()) room.suspend()
    },
    beginRollover: (calls) => {
      enterPhase(state, { name: 'rollingOver', calls, missing: new Set(rooms.keys()) })
      for (const room of rooms.values()) room.beginRollover(calls)
      finishRollover(deps, state)
    },
    cancelRollover: () => {
      if (state.phase.name === 'rollingOver') enterPhase(state, { name: 'connected' })
      for (const room of rooms.values()) room.cancelRollover()
    },
    checkNow: watch.checkNow,
    close: (reason) => {
      watch.stop()
      state.resuming.clear()
      enterPhase(state, { name: 'closed', unsent: unsentIn(rooms) })
      for (const room of rooms.values()) room.close(reason)
      rooms.clear()
    },
  }
}

const unsentIn = (rooms: ReadonlyMap<string, Room>) => [...rooms.values()].flatMap(({ unsent }) => unsent())

const addRoom = (deps: Deps, state: State, roomId: string, limit: number | undefined): Room => {
  // A listener may leave the room, join it anew, or close the client; then this room is no longer listed.
  const isListed = () => state.rooms.get(roomId) === room
  const room: Room = makeRoom({
    ...deps,
    roomId,
    limit,
    earlierTries: state.earlierTries,
    on: {
      message: deps.on.message,
      reset: (reset) => {
        if (isListed()) deps.on.reset(reset)
        if (isListed()) finishResuming(deps, state, roomId)
      },
      live: (missed) => {
        if (isListed() && state.resuming.has(roomId)) deps.on.recovered({ roomId, missed })
        if (isListed()) finishResuming(deps, state, roomId)
      },
      joinedForRollover: () => {
        if (isListed()) removeFromRollover(deps, state, roomId)
      },
      activity: () => {
        if (isListed()) state.watch.touch(roomId)
      },
      unsent: () => {
        if (!isClosed(state)) deps.on.unsent({ roomId })
      },
      lost: (error) => {
        if (!isListed()) return
        forget(deps, state, roomId, room)
        if (!isClosed(state)) deps.on.left({ roomId, error })
      },
    },
  })
  state.rooms.set(roomId, room)
  if (state.phase.name === 'rollingOver') {
    state.phase.missing.add(roomId)
    room.beginRollover(state.phase.calls)
  }
  room.firstPage.catch(() => forget(deps, state, roomId, room))
  const joinIfConnected = () => {
    if (isConnected(state) && isListed()) room.resume()
  }
  const left = state.leaving.get(roomId)
  if (left === undefined) joinIfConnected()
  else Promise.allSettled([left]).then(joinIfConnected).catch(throwLater)
  return room
}

const leave = async (deps: Deps, state: State, roomId: string): Promise<void> => {
  const room = state.rooms.get(roomId)
  // Without a connection there is nothing to leave: the next one will not join the room.
  const left = isConnected(state) ? leaveAfterJoin(deps, state, roomId, room) : undefined
  // Recorded before listeners run: one that joins the room again at that moment must wait as well.
  if (left !== undefined) state.leaving.set(roomId, left)
  if (room !== undefined) {
    forget(deps, state, roomId, room)
    room.close(new ChatClientError('left', `The room ${roomId} was left.`))
  }
  try {
    await left
  } finally {
    if (left !== undefined && state.leaving.get(roomId) === left) state.leaving.delete(roomId)
  }
}

const leaveAfterJoin = async ({ calls }: Deps, state: State, roomId: string, room: Room | undefined) => {
  // The server may handle a join and a later leave in reverse order.
  await room?.settled()
  const { phase } = state
  await requestLeave(phase.name === 'rollingOver' ? [calls, phase.calls] : [calls], roomId)
}

const resume = (state: State): boolean => {
  enterPhase(state, { name: 'connected' })
  for (const [roomId, room] of state.rooms) if (room.hasBegun()) state.resuming.add(roomId)
  state.watch.start()
  for (const room of state.rooms.values()) room.resume()
  return state.resuming.size > 0
}

/** Records that a room is complete or gone, and reports when it was the last one. */
const finishResuming = (deps: Deps, state: State, roomId: string) => {
  if (state.resuming.delete(roomId) && state.resuming.size === 0) deps.on.upToDate()
}

const removeFromRollover = (deps: Deps, state: State, roomId: string) => {
  if (state.phase.name === 'rollingOver') state.phase.missing.delete(roomId)
  finishRollover(deps, state)
}

const finishRollover = (deps: Deps, state: State) => {
  if (state.phase.name !== 'rollingOver' || state.phase.missing.size > 0) return
  enterPhase(state, { name: 'connected' })
  deps.on.readyForRollover()
}

const forget = (deps: Deps, state: State, roomId: string, room: Room) => {
  if (state.rooms.get(roomId) !== room) return
  state.rooms.delete(roomId)
  state.watch.forget(roomId)
  finishResuming(deps, state, roomId)
  removeFromRollover(deps, state, roomId)
}
