import { defaultLimits, type Limits } from '../protocol/limits.ts'
import type { HelloFrame } from '../protocol/server-frames.ts'
import { ChatClientError } from './api/errors.ts'
import {
  defaultTimings,
  makeBackoff,
  onWaking,
  systemTimers,
  type Timers,
  type Timings,
} from './api/timing.ts'
import type { ChatClientEvents, ConnectionState, Cursor, RoomPage, Sent, UnsentMessage } from './api/types.ts'
import { makeCalls } from './connection/calls.ts'
import { type Connection, type ConnectionDeps, makeConnection } from './connection/connection.ts'
import { placeToAsk } from './connection/refusal.ts'
import { builtInWebSocket, type SocketConstructor } from './connection/socket.ts'
import { type Emitter, makeEmitter } from './primitives/emitter.ts'
import { makeMessageId } from './primitives/message-id.ts'
import { makeRooms, type Rooms } from './rooms/rooms.ts'

export type ChatClientOptions = {
  /** Address of the WebSocket API, such as `wss://chat.example.org/live`. */
  readonly url: string
  /**
   * Gives the token, a JWT; asked at each attempt to connect, 1 the first. A token that was refused is asked for
   * once more. If it rejects, that attempt has failed and another one follows.
   */
  readonly getToken?: (attempt: number) => string | Promise<string>
  /** In open mode, on a developer's own machine, in place of a token: who one says one is. */
  readonly userId?: string
  /** A name to show beside `userId`; in open mode only. */
  readonly name?: string
  /** Where to ask why a connection was refused: `/auth-check` on the host of `url` unless given. */
  readonly authCheckUrl?: string
  /** Any of `defaultTimings`, changed. */
  readonly timings?: Partial<Timings>
  /** For Node below 22, or for tests. */
  readonly WebSocket?: SocketConstructor
  readonly fetch?: typeof globalThis.fetch
  readonly timers?: Timers
  readonly random?: () => number
}

/** What the server said of this connection. */
export type Welcome = {
  readonly connectionId: string
  readonly userId: string
  readonly roles: readonly string[]
  /** Those in force, by the names of the protocol. */
  readonly limits: Readonly<Record<string, number>>
}

export type HistoryQuery = {
  /** Messages with a lower seq, the nearest first to be taken. */
  readonly before?: number
  /** Messages with a higher seq, the nearest first to be taken. */
  readonly after?: number
  /** Most messages in the page, within the server's limit; `more` says whether there are others. */
  readonly limit?: number
}

export type SendOptions = {
  /** At most 16 keys, 1 KiB in all. */
  readonly attributes?: Readonly<Record<string, string>>
  /**
   * To know the message again in the room, or to try one again that failed; a new id if it is not given. After an
   * error that leaves open whether the message was stored (see `ChatClientErrorCode`), only the same id keeps it
   * from being stored twice.
   */
  readonly clientMessageId?: string
  /**
   * For a message that another client has left unsent, perhaps on the same page before it was loaded again: its
   * `since` there, together with its `clientMessageId`. It is stored once, or rejected with `stale_cursor` if nobody
   * can tell any more whether it was stored.
   */
  readonly since?: Cursor
}

/** A connection to the chat, for as long as `close` is not called; every rejection is a ChatClientError. */
export type ChatClient = {
  /** Resolves once the server has said hello; rejects only if the client is closed for good before. */
  readonly connect: () => Promise<Welcome>
  /** For good. What has not been acknowledged is rejected with `closed`, and `unsent` still tells it. */
  readonly close: () => void
  readonly state: () => ConnectionState
  /** While `offline`: makes the next attempt now. Does nothing otherwise. */
  readonly retryNow: () => void
  /** Calls `listener` for each event; what it returns ends that. */
  readonly on: <Name extends keyof ChatClientEvents>(
    name: Name,
    listener: (event: ChatClientEvents[Name]) => void,
  ) => () => void
  /**
   * Joins a room, now or as soon as there is a connection, and again on each later one. Resolves with the newest
   * messages; `message` events carry on where they end. A room that is joined already: the page it began with.
   */
  readonly joinRoom: (roomId: string, options?: { readonly limit?: number }) => Promise<RoomPage>
  /** What has not been acknowledged in this room is rejected with `left`; it may have been stored. */
  readonly leaveRoom: (roomId: string) => Promise<void>
  /**
   * Sends a message to a joined room, after all earlier ones of this client in that room. Resolves when it is
   * stored, however many connections that takes: it is tried again until it is, stored once, or refused.
   */
  readonly send: (roomId: string, content: string, options?: SendOptions) => Promise<Sent>
  /**
   * The messages that are neither stored nor refused, of one room or of all, those of a room in the order in which
   * they go out. `unsent` events tell when that changes. Once the client is closed it stays as it was.
   */
  readonly unsent: (roomId?: string) => readonly UnsentMessage[]
  /** Without `before` and `after`: the newest. Not tried again. */
  readonly history: (roomId: string, query?: HistoryQuery) => Promise<RoomPage>
}

/** Connects nothing yet: set the listeners, then `connect`. */
export const makeChatClient = (options: ChatClientOptions): ChatClient => {
  const emitter = makeEmitter<ChatClientEvents>()
  const state: State = { emitter, connection: { status: 'offline', retryInMs: 0 } }
  const timers = options.timers ?? systemTimers
  const timings = { ...defaultTimings, ...options.timings }
  const random = options.random ?? Math.random
  const backoff = makeBackoff({ ...timings, random })
  const calls = makeCalls((frame, accepts) => connection.request(frame, accepts))
  const rooms = makeRooms({
    calls,
    timers,
    timings,
    backoff,
    userId: () => state.welcome?.userId,
    limits: () => limitsOf(state),
    on: {
      message: (event) => emitter.emit('message', event),
      recovered: (event) => emitter.emit('recovered', event),
      reset: (reset) => emitter.emit('reset', reset),
      left: (event) => emitter.emit('left', event),
      unsent: (event) => emitter.emit('unsent', event),
      upToDate: () => enter(state, { status: 'open' }),
      moved: () => connection.changeOver(),
    },
  })
  const url = addressOf(options)
  const connection = makeConnection({
    url,
    authCheckPlace: placeToAsk(url, options.authCheckUrl),
    getToken: options.getToken,
    WebSocket: options.WebSocket ?? builtInWebSocket(),
    fetch: options.fetch ?? globalThis.fetch,
    timers,
    timings,
    backoff,
    random,
    on: listenersFor(state, rooms),
  })
  return {
    connect: () => connect(state, connection, rooms),
    close: () => connection.stop(new ChatClientError('closed', 'The client was closed.')),
    state: () => state.connection,
    retryNow: connection.retryNow,
    on: emitter.on,
    joinRoom: (roomId, { limit } = {}) => whileOpen(state, () => rooms.join(roomId, limit)),
    leaveRoom: rooms.leave,
    send: (roomId, content, { attributes, clientMessageId = makeMessageId(), since } = {}) =>
      whileOpen(state, () => {
        const extras = { ...(attributes && { attributes }), ...(since && { since }) }
        return rooms.send(roomId, { content, clientMessageId, ...extras })
      }),
    unsent: rooms.unsent,
    history: (roomId, { limit, ...query } = {}) =>
      whileOpen(state, async () => {
        const epoch = rooms.epochOf(roomId)
        const { id, type, ...page } = await calls.getHistory({
          roomId,
          ...(epoch && { epoch }),
          ...query,
          ...(limit !== undefined && { limit: Math.min(limit, limitsOf(state).historyPageMax) }),
        })
        return page
      }),
  }
}

type State = {
  readonly emitter: Emitter<ChatClientEvents>
  connection: ConnectionState
  welcome?: Welcome
  connected?: PromiseWithResolvers<Welcome>
  stopWatching?: () => void
}

/** What the last hello told; until then, and where it told nothing, the defaults. */
const limitsOf = ({ welcome }: State): Limits => ({ ...defaultLimits, ...welcome?.limits })

const enter = (state: State, connection: ConnectionState) => {
  state.connection = connection
  state.emitter.emit('state', connection)
}

const connect = (state: State, connection: Connection, rooms: Rooms): Promise<Welcome> => {
  if (state.connection.status === 'closed') return Promise.reject(state.connection.reason)
  if (state.connected === undefined) {
    state.connected = Promise.withResolvers()
    state.stopWatching = onWaking(() => {
      connection.retryNow()
      rooms.checkNow()
    })
    connection.start()
  }
  return state.connected.promise
}

/** What a closed client is asked for is refused: nothing would ever settle it. */
const whileOpen = <Result>({ connection }: State, ask: () => Promise<Result>): Promise<Result> =>
  connection.status === 'closed' ? Promise.reject(connection.reason) : ask()

const listenersFor = (state: State, rooms: Rooms): ConnectionDeps['on'] => ({
  connecting: (attempt) => enter(state, { status: 'connecting', attempt }),
  ready: (hello) => {
    state.welcome = welcomeOf(hello)
    rooms.suspend()
    enter(state, { status: rooms.resume() ? 'resuming' : 'open' })
    state.connected?.resolve(state.welcome)
  },
  successor: (request) => rooms.move(makeCalls(request)),
  successorLost: rooms.stay,
  changed: (hello) => {
    state.welcome = welcomeOf(hello)
  },
  lost: (retryInMs) => {
    rooms.suspend()
    enter(state, { status: 'offline', retryInMs })
  },
  closed: (reason) => {
    state.stopWatching?.()
    rooms.close(reason)
    enter(state, { status: 'closed', reason })
    state.connected?.reject(reason)
  },
  messages: rooms.pushed,
  disconnect: (frame) => state.emitter.emit('disconnect', frame),
  error: (error) => state.emitter.emit('error', error),
})

const welcomeOf = ({ connectionId, userId, roles, limits }: HelloFrame): Welcome => ({
  connectionId,
  userId,
  roles,
  limits,
})

const addressOf = ({ url, userId, name }: ChatClientOptions): URL => {
  const address = new URL(url)
  if (userId !== undefined) address.searchParams.set('userId', userId)
  if (name !== undefined) address.searchParams.set('name', name)
  return address
}
