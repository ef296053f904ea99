import type { MessagesFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { ChatMessage, RoomPage, RoomReset, Sent, UnsentMessage } from '../api/types.ts'
import type { Calls } from '../connection/calls.ts'
import { makeRecent, type Recent } from '../primitives/recent.ts'
import { throwLater } from '../primitives/rethrow.ts'
import type { Draft, EarlierTry } from './outgoing.ts'
import { makeQuietWatch, type QuietWatch } from './quiet-watch.ts'
import { makeRoom, type Room, type RoomDeps } from './room.ts'

type Deps = Omit<RoomDeps, 'roomId' | 'limit' | 'earlierTries' | 'on'> & {
  readonly on: {
    readonly message: (event: { roomId: string; epoch: string; message: ChatMessage }) => void
    readonly recovered: (event: { roomId: string; missed: number }) => void
    readonly reset: (reset: RoomReset) => void
    readonly left: (event: { roomId: string; error: ChatClientError }) => void
    readonly unsent: (event: { roomId: string }) => void
    /** Every room that was joined before is so again, and complete. */
    readonly upToDate: () => void
    /** Every room is joined on the connection that is to take the place of the present one. */
    readonly moved: () => void
  }
}

/** The rooms that this client is in, or is about to be in, whatever happens to its connections. */
export type Rooms = {
  readonly join: (roomId: string, limit: number | undefined) => Promise<RoomPage>
  readonly leave: (roomId: string) => Promise<void>
  readonly send: (roomId: string, draft: Draft) => Promise<Sent>
  /** Of this room, or of all. Once closed: what was unsent then. */
  readonly unsent: (roomId?: string) => readonly UnsentMessage[]
  /** Null for a room without messages, or one that is not joined. */
  readonly epochOf: (roomId: string) => string | null
  readonly pushed: (frame: MessagesFrame) => void
  /** There is a connection. False: no room has to catch up. */
  readonly resume: () => boolean
  readonly suspend: () => void
  /** Another connection is to take the place of the present one, which goes on: joins every room on it as well. */
  readonly move: (calls: Calls) => void
  /** It will not. */
  readonly stay: () => void
  /** Asks for news of every room: some may have been lost unnoticed. */
  readonly checkNow: () => void
  readonly close: (reason: ChatClientError) => void
}

type State = {
  readonly rooms: Map<string, Room>
  readonly watch: QuietWatch
  /** Outlive a room: a message may be sent again after the room was left and joined anew. */
  readonly earlierTries: Recent<EarlierTry>
  /** A room may be joined again only when the server has let go of it: it may handle both frames at once. */
  readonly leaving: Map<string, Promise<void>>
  readonly resuming: Set<string>
  /** The connection that is to take the place of the present one, and the rooms that are not joined on it yet. */
  move: { readonly calls: Calls; readonly roomIds: Set<string> } | undefined
  connected: boolean
  /** Set when all is over. */
  unsentAtLast: readonly UnsentMessage[] | undefined
}

/** Messages that failed and may be sent again; what is older than these many is sent as if for the first time. Ours. */
const maxEarlierTries = 1000

export const makeRooms = (deps: Deps): Rooms => {
  const rooms = new Map<string, Room>()
  const watch = makeQuietWatch({
    ...deps,
    onHeads: (heads) => {
      for (const [roomId, head] of Object.entries(heads)) rooms.get(roomId)?.learn(head)
    },
  })
  const earlierTries = makeRecent<EarlierTry>(maxEarlierTries)
  const state: State = {
    rooms,
    watch,
    earlierTries,
    leaving: new Map(),
    resuming: new Set(),
    move: undefined,
    connected: false,
    unsentAtLast: undefined,
  }
  return {
    join: (roomId, limit) => (rooms.get(roomId) ?? enter(deps, state, roomId, limit)).firstPage,
    leave: (roomId) => leave(deps, state, roomId),
    send: (roomId, draft) =>
      rooms.get(roomId)?.send(draft) ??
      Promise.reject(new ChatClientError('left', `Join the room ${roomId} before you send to it.`)),
    unsent: (roomId) => {
      const all = state.unsentAtLast ?? unsentIn(rooms)
      return roomId === undefined ? all : all.filter((message) => message.roomId === roomId)
    },
    epochOf: (roomId) => rooms.get(roomId)?.epoch() ?? null,
    pushed: ({ roomId, epoch, messages }) => rooms.get(roomId)?.pushed(epoch, messages),
    resume: () => resume(state),
    suspend: () => {
      state.connected = false
      state.move = undefined
      state.resuming.clear()
      watch.stop()
      for (const room of rooms.values()) room.suspend()
    },
    move: (calls) => {
      state.move = { calls, roomIds: new Set(rooms.keys()) }
      for (const room of rooms.values()) room.move(calls)
      finishMove(deps, state)
    },
    stay: () => {
      state.move = undefined
      for (const room of rooms.values()) room.stay()
    },
    checkNow: watch.checkNow,
    close: (reason) => {
      watch.stop()
      state.resuming.clear()
      state.move = undefined
      state.unsentAtLast = unsentIn(rooms)
      for (const room of rooms.values()) room.close(reason)
      rooms.clear()
    },
  }
}

const unsentIn = (rooms: ReadonlyMap<string, Room>) => [...rooms.values()].flatMap(({ unsent }) => unsent())

const enter = (deps: Deps, state: State, roomId: string, limit: number | undefined): Room => {
  // Whoever is told of something may leave the room, and join it again, or close the client: then this is over.
  const isHere = () => state.rooms.get(roomId) === room
  const room: Room = makeRoom({
    ...deps,
    roomId,
    limit,
    earlierTries: state.earlierTries,
    on: {
      message: (epoch, message) => {
        if (isHere()) deps.on.message({ roomId, epoch, message })
      },
      reset: (reset) => {
        if (isHere()) deps.on.reset(reset)
        if (isHere()) settle(deps, state, roomId)
      },
      live: (missed) => {
        if (isHere() && state.resuming.has(roomId)) deps.on.recovered({ roomId, missed })
        if (isHere()) settle(deps, state, roomId)
      },
      moved: () => {
        if (!isHere()) return
        state.move?.roomIds.delete(roomId)
        finishMove(deps, state)
      },
      activity: () => {
        if (isHere()) state.watch.touch(roomId)
      },
      unsent: () => {
        if (state.unsentAtLast === undefined) deps.on.unsent({ roomId })
      },
      lost: (error) => {
        if (!isHere()) return
        forget(deps, state, roomId, room)
        if (state.unsentAtLast === undefined) deps.on.left({ roomId, error })
      },
    },
  })
  state.rooms.set(roomId, room)
  if (state.move !== undefined) {
    state.move.roomIds.add(roomId)
    room.move(state.move.calls)
  }
  room.firstPage.catch(() => forget(deps, state, roomId, room))
  const begin = () => {
    if (state.connected && state.rooms.get(roomId) === room) room.resume()
  }
  const left = state.leaving.get(roomId)
  if (left === undefined) begin()
  else Promise.allSettled([left]).then(begin).catch(throwLater)
  return room
}

const leave = async (deps: Deps, state: State, roomId: string): Promise<void> => {
  const room = state.rooms.get(roomId)
  // Without a connection there is nothing to leave: the next one will not join the room.
  const left = state.connected ? askToLeave(deps, state, roomId, room) : undefined
  // Before anybody is told: who joins the room again there and then has to wait as well.
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

const askToLeave = async (
  deps: Deps,
  state: State,
  roomId: string,
  room: Room | undefined,
): Promise<void> => {
  // The server may handle a join and what leaves the room after it the other way round.
  await room?.settled()
  const connections = state.move === undefined ? [deps.calls] : [deps.calls, state.move.calls]
  // Whoever joins the room again waits for both: a refusal of one must not let it go out beside the other.
  const left = await Promise.allSettled(connections.map((calls) => leaveOn(calls, roomId)))
  const refusal = left.find((outcome) => outcome.status === 'rejected')
  if (refusal) throw refusal.reason
}

const leaveOn = async (calls: Calls, roomId: string): Promise<void> => {
  try {
    await calls.leaveRoom({ roomId })
  } catch (error) {
    if (!(error instanceof ChatClientError) || error.code !== 'disconnected') throw error
  }
}

const resume = (state: State): boolean => {
  state.connected = true
  for (const [roomId, room] of state.rooms) if (room.hasBegun()) state.resuming.add(roomId)
  state.watch.start()
  for (const room of state.rooms.values()) room.resume()
  return state.resuming.size > 0
}

/** A room is complete again, or gone: was it the last one that was waited for? */
const settle = (deps: Deps, state: State, roomId: string) => {
  if (state.resuming.delete(roomId) && state.resuming.size === 0) deps.on.upToDate()
}

const finishMove = (deps: Deps, state: State) => {
  if (state.move === undefined || state.move.roomIds.size > 0) return
  state.move = undefined
  deps.on.moved()
}

const forget = (deps: Deps, state: State, roomId: string, room: Room) => {
  if (state.rooms.get(roomId) !== room) return
  state.rooms.delete(roomId)
  state.watch.forget(roomId)
  settle(deps, state, roomId)
  state.move?.roomIds.delete(roomId)
  finishMove(deps, state)
}
