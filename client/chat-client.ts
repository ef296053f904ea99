import { defaultLimits, type Limits } from '../protocol/limits.ts'
import type { HelloFrame } from '../protocol/server-frames.ts'
import { ChatClientError } from './api/errors.ts'
import { defaultTimings, makeBackoff, onWaking, systemTimers } from './api/timing.ts'
import type {
  ChatClientEvents,
  ChatClientOptions,
  ConnectionState,
  HistoryQuery,
  RoomPage,
  SendOptions,
  Sent,
  UnsentMessage,
  Welcome,
} from './api/types.ts'
import { makeCalls } from './connection/calls.ts'
import { type Connection, makeConnection } from './connection/connection.ts'
import type { ConnectionEvents } from './connection/connection-events.ts'
import { authCheckUrlOf } from './connection/refusal.ts'
import { builtInWebSocket } from './connection/socket.ts'
import { type Emitter, makeEmitter } from './primitives/emitter.ts'
import { makeMessageId } from './primitives/message-id.ts'
import { makeRooms, type Rooms } from './rooms/rooms.ts'

/** A client of the chat. It stays connected until `close` is called. Every rejection is a `ChatClientError`. */
export type ChatClient = {
  /**
   * Connects; resolves once the server has said hello. Repeated calls return the same promise.
   *
   * @throws ChatClientError `closed`, `unauthorized`, `forbidden` or another code if the client closes before
   * @example const { userId } = await chat.connect()
   */
  readonly connect: () => Promise<Welcome>
  /**
   * Closes the client permanently. Unacknowledged messages are rejected with `closed`; `unsent` still lists them.
   *
   * @example chat.close()
   */
  readonly close: () => void
  /**
   * Returns the state of the connection.
   *
   * @example if (chat.state().status === 'offline') showBanner()
   */
  readonly state: () => ConnectionState
  /**
   * Begins the next attempt immediately while the state is `offline`; otherwise does nothing.
   *
   * @example retryButton.onclick = chat.retryNow
   */
  readonly retryNow: () => void
  /**
   * Calls `listener` for each event of that name.
   *
   * @returns a function that removes the listener
   * @example const off = chat.on('message', ({ message }) => show(message))
   */
  readonly on: <Name extends keyof ChatClientEvents>(
    name: Name,
    listener: (event: ChatClientEvents[Name]) => void,
  ) => () => void
  /**
   * Joins a room now, or as soon as there is a connection, and again on each later connection. Resolves with the newest
   * messages; `message` events continue after them. For a joined room, resolves with the page that it began with.
   *
   * @throws ChatClientError `forbidden`, `left`, `closed` or another code if the room cannot be joined
   * @example const { messages } = await chat.joinRoom('general', { limit: 50 })
   */
  readonly joinRoom: (roomId: string, options?: { readonly limit?: number }) => Promise<RoomPage>
  /**
   * Leaves a room. Its unacknowledged messages are rejected with `left`; they may have been stored.
   *
   * @throws ChatClientError `timeout` or the server's error
   * @example await chat.leaveRoom('general')
   */
  readonly leaveRoom: (roomId: string) => Promise<void>
  /**
   * Sends a message to a joined room, after all earlier ones of this client in that room. Retries across connections
   * until the message is stored, once, or refused.
   *
   * @throws ChatClientError `left` if the room is not joined, `too_large`, `rejected`, `stale_cursor`, `closed`, …
   * @example const { seq } = await chat.send('general', 'hello')
   */
  readonly send: (roomId: string, content: string, options?: SendOptions) => Promise<Sent>
  /**
   * Lists messages that are neither stored nor refused, of one room or all, in the order of sending. `unsent` events
   * report changes. After `close`, the list stays as it was.
   *
   * @example localStorage.setItem('unsent', JSON.stringify(chat.unsent()))
   */
  readonly unsent: (roomId?: string) => readonly UnsentMessage[]
  /**
   * Fetches a page of history; without `before` and `after`, the newest messages. It is not retried.
   *
   * @throws ChatClientError `not_a_member`, `disconnected`, `timeout`, `closed` or the server's error
   * @example const older = await chat.history('general', { before: 120, limit: 50 })
   */
  readonly history: (roomId: string, query?: HistoryQuery) => Promise<RoomPage>
}

/**
 * Creates a client that is not connected yet: add the listeners, then call `connect`.
 *
 * @throws TypeError for an invalid `url` or `authCheckUrl`; Error if the runtime has no WebSocket
 * @example
 * const chat = makeChatClient({ url: 'wss://chat.example.org/live', getToken: () => fetchToken() })
 * chat.on('message', ({ message }) => console.log(message.seq, message.content))
 * await chat.connect()
 */
export const makeChatClient = (options: ChatClientOptions): ChatClient => {
  const emitter = makeEmitter<ChatClientEvents>()
  const state: State = { emitter, connection: { status: 'offline', retryInMs: 0 } }
  const timers = options.timers ?? systemTimers
  const timings = { ...defaultTimings, ...options.timings }
  const random = options.random ?? Math.random
  const backoff = makeBackoff({ ...timings, random })
  const url = addressOf(options)
  const connection = makeConnection({
    url,
    authCheckUrl: authCheckUrlOf(url, options.authCheckUrl),
    getToken: options.getToken,
    WebSocket: options.WebSocket ?? builtInWebSocket(),
    fetch: options.fetch ?? globalThis.fetch,
    timers,
    timings,
    backoff,
    random,
  })
  const calls = makeCalls(connection.request)
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
      upToDate: () => enterStatus(state, { status: 'open' }),
      readyForRollover: connection.completeRollover,
    },
  })
  connection.listen(listenersFor(state, rooms))
  return {
    connect: () => connect(state, connection, rooms),
    close: () => connection.stop(new ChatClientError('closed', 'The client was closed.')),
    state: () => state.connection,
    retryNow: connection.retryNow,
    on: emitter.on,
    joinRoom: (roomId, { limit } = {}) => unlessClosed(state, () => rooms.join(roomId, limit)),
    leaveRoom: rooms.leave,
    send: (roomId, content, { attributes, clientMessageId = makeMessageId(), since } = {}) =>
      unlessClosed(state, () => {
        const extras = { ...(attributes && { attributes }), ...(since && { since }) }
        return rooms.send(roomId, { content, clientMessageId, ...extras })
      }),
    unsent: rooms.unsent,
    history: (roomId, { limit, ...query } = {}) =>
      unlessClosed(state, async () => {
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

/** Returns the limits of the last hello, completed by the defaults. */
const limitsOf = ({ welcome }: State): Limits => ({ ...defaultLimits, ...welcome?.limits })

const enterStatus = (state: State, connection: ConnectionState) => {
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

/** Rejects requests of a closed client, which nothing would ever settle. */
const unlessClosed = <Result>({ connection }: State, ask: () => Promise<Result>): Promise<Result> =>
  connection.status === 'closed' ? Promise.reject(connection.reason) : ask()

const listenersFor = (state: State, rooms: Rooms): ConnectionEvents => ({
  connecting: (attempt) => enterStatus(state, { status: 'connecting', attempt }),
  ready: (hello) => {
    state.welcome = welcomeOf(hello)
    rooms.suspend()
    enterStatus(state, { status: rooms.resume() ? 'resuming' : 'open' })
    state.connected?.resolve(state.welcome)
  },
  rolloverReady: (request) => rooms.beginRollover(makeCalls(request)),
  rolloverLost: rooms.cancelRollover,
  rolledOver: (hello) => {
    state.welcome = welcomeOf(hello)
  },
  lost: (retryInMs) => {
    rooms.suspend()
    enterStatus(state, { status: 'offline', retryInMs })
  },
  closed: (reason) => {
    state.stopWatching?.()
    rooms.close(reason)
    enterStatus(state, { status: 'closed', reason })
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
