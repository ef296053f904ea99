import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { ChatError, errorFrame } from '../../../protocol/chat-error.ts'
import { type Action, type ClientFrame, type FrameOf, parseFrame } from '../../../protocol/client-frames.ts'
import { errorCodes, subprotocol } from '../../../protocol/codes.ts'
import { defaultLimits, type Limits } from '../../../protocol/limits.ts'
import type { MessagesFrame, ServerFrame } from '../../../protocol/server-frames.ts'
import { makeScriptedRoom, type ScriptedRoom } from '../client/scripted-rooms.ts'

export type ScriptedConnection = {
  readonly connectionId: string
  readonly userId: string
  readonly query: URLSearchParams
  /** The subprotocols that were offered. */
  readonly protocols: readonly string[]
  readonly rooms: Set<string>
  readonly send: (frame: object) => void
  /** Ends the socket without a word, as a network does. */
  readonly drop: () => void
  readonly close: () => void
  readonly isOpen: () => boolean
  /** From here on, what the client sends is recorded and not answered. */
  readonly fallSilent: () => void
}

/** Plays an action otherwise; `proceed` does what a faithful server would. */
export type Script<A extends Action> = (
  frame: FrameOf<A>,
  connection: ScriptedConnection,
  proceed: () => void,
) => void

export type ScriptedServer = {
  readonly url: string
  /** Every connection so far, the newest last. */
  readonly connections: readonly ScriptedConnection[]
  /** Every frame of that action so far. */
  readonly received: <A extends Action>(action: A) => readonly FrameOf<A>[]
  readonly room: (roomId: string) => ScriptedRoom
  /** Appends a message and pushes it to the members. */
  readonly say: (roomId: string, userId: string, content: string) => void
  readonly script: <A extends Action>(action: A, script: Script<A>) => void
  /** Decides what becomes of each push; `proceed` sends it. */
  readonly scriptPushes: (script: (frame: MessagesFrame, proceed: () => void) => void) => void
  readonly plain: () => void
  /** Refuses upgrades with this status until `admit`; /auth-check tells it as well. */
  readonly refuse: (status: number, message?: string) => void
  /** What is said to who asks why, in place of that: as a server does that knows nothing of it. */
  readonly sayOfRefusals: (status: number, body: object) => void
  readonly admit: () => void
  /** What `hello` says from now on of the age that a connection may reach; 7200 at first. */
  readonly limitAge: (maxAgeSeconds: number | null) => void
  /** Requests to /auth-check so far. */
  readonly authChecks: readonly URL[]
  readonly stop: () => Promise<void>
}

/** A `ws` server that speaks the protocol faithfully, and otherwise wherever a test scripts it so. */
export const startScriptedServer = async (limits: Partial<Limits> = {}): Promise<ScriptedServer> => {
  const state = makeState({ ...defaultLimits, ...limits })
  const http = createServer((request, response) => answer(state, request, response))
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol })
  http.on('upgrade', (request, socket, head) => upgrade(state, sockets, request, socket, head))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given')

  return {
    url: `ws://127.0.0.1:${address.port}/`,
    connections: state.connections,
    received: (action) => state.frames.filter((frame) => isOf(action, frame)),
    room: (roomId) => roomOf(state, roomId),
    say: (roomId, userId, content) => push(state, roomOf(state, roomId).append(userId, content)),
    script: (action, script) => {
      state.scripts.set(action, (frame, connection, proceed) => {
        if (isOf(action, frame)) script(frame, connection, proceed)
      })
    },
    scriptPushes: (script) => {
      state.pushScript = script
    },
    plain: () => {
      state.scripts.clear()
      state.pushScript = undefined
    },
    refuse: (status, message = `Refused with ${status}.`) => {
      const code = Object.entries(errorCodes).find(([, known]) => known.status === status)?.[0]
      state.refusal = { status, told: { status, body: { type: 'error', code, status, message } } }
    },
    sayOfRefusals: (status, body) => {
      if (state.refusal) state.refusal = { ...state.refusal, told: { status, body } }
    },
    admit: () => {
      state.refusal = undefined
    },
    limitAge: (maxAgeSeconds) => {
      state.maxAgeSeconds = maxAgeSeconds
    },
    authChecks: state.authChecks,
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate()
      http.close()
      http.closeAllConnections()
      await once(http, 'close')
    },
  }
}

type AnyScript = (frame: ClientFrame, connection: ScriptedConnection, proceed: () => void) => void

/** What is answered to who asks why a connection was refused. */
type Told = { readonly status: number; readonly body: object }

type State = {
  readonly limits: Limits
  readonly connections: ScriptedConnection[]
  readonly alive: Set<ScriptedConnection>
  readonly frames: ClientFrame[]
  readonly rooms: Map<string, ScriptedRoom>
  readonly scripts: Map<Action, AnyScript>
  readonly authChecks: URL[]
  pushScript: ((frame: MessagesFrame, proceed: () => void) => void) | undefined
  refusal: { readonly status: number; readonly told: Told } | undefined
  maxAgeSeconds: number | null
}

const makeState = (limits: Limits): State => ({
  limits,
  connections: [],
  alive: new Set(),
  frames: [],
  rooms: new Map(),
  scripts: new Map(),
  authChecks: [],
  pushScript: undefined,
  refusal: undefined,
  maxAgeSeconds: 7200,
})

const isOf = <A extends Action>(action: A, frame: ClientFrame): frame is FrameOf<A> & ClientFrame =>
  frame.action === action

const roomOf = (state: State, roomId: string): ScriptedRoom => {
  const room = state.rooms.get(roomId) ?? makeScriptedRoom(roomId)
  state.rooms.set(roomId, room)
  return room
}

const push = (state: State, frame: MessagesFrame) => {
  const proceed = () => {
    for (const connection of state.alive) if (connection.rooms.has(frame.roomId)) connection.send(frame)
  }
  if (state.pushScript) state.pushScript(frame, proceed)
  else proceed()
}

const upgrade = (
  state: State,
  sockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
) => {
  if (state.refusal) {
    // The client may be gone before it has read why.
    socket.on('error', () => undefined)
    socket.end(`HTTP/1.1 ${state.refusal.status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    return
  }
  sockets.handleUpgrade(request, socket, head, (client) => accept(state, client, request))
}

const accept = (state: State, socket: WebSocket, request: IncomingMessage) => {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams
  let silent = false
  const connection: ScriptedConnection = {
    connectionId: `connection-${state.connections.length + 1}`,
    userId: query.get('userId') ?? 'somebody',
    query,
    protocols: (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/),
    rooms: new Set(),
    send: (frame) => !silent && socket.send(JSON.stringify(frame)),
    drop: () => socket.terminate(),
    close: () => socket.close(1000),
    isOpen: () => socket.readyState === socket.OPEN,
    fallSilent: () => {
      silent = true
    },
  }
  state.connections.push(connection)
  state.alive.add(connection)
  socket.on('close', () => state.alive.delete(connection))
  socket.on('message', (data: RawData) => hear(state, connection, String(data)))
}

const hear = (state: State, connection: ScriptedConnection, text: string) => {
  const parsed = parseFrame(text, state.limits)
  if (!parsed.ok) {
    connection.send(errorFrame(parsed.error, parsed.id))
    return
  }
  const { frame } = parsed
  state.frames.push(frame)
  const proceed = () => reply(state, connection, frame)
  const script = state.scripts.get(frame.action)
  if (script) script(frame, connection, proceed)
  else proceed()
}

const reply = (state: State, connection: ScriptedConnection, frame: ClientFrame) => {
  const { userId, connectionId } = connection
  const id = frame.id === undefined ? {} : { id: frame.id }
  const send = (answer: ServerFrame) => connection.send({ ...answer, ...id })
  const problem = problemWith(state, connection, frame)
  if (problem) {
    send(errorFrame(problem, frame.id))
    return
  }
  switch (frame.action) {
    case 'hello': {
      const common = { roles: [], heads: {}, limits: state.limits, maxAgeSeconds: state.maxAgeSeconds }
      return send({ type: 'hello', connectionId, userId, ...common })
    }
    case 'joinRoom':
      connection.rooms.add(frame.roomId)
      return send(roomOf(state, frame.roomId).join(frame))
    case 'leaveRoom':
      connection.rooms.delete(frame.roomId)
      return send({ type: 'left', roomId: frame.roomId })
    case 'getHistory':
      return send(roomOf(state, frame.roomId).history(frame))
    case 'ping':
      return send({ type: 'pong', heads: headsOf(state, connection, frame.rooms ?? []) })
    case 'sendMessage': {
      const name = connection.query.get('name') ?? undefined
      const { ack, push: message } = roomOf(state, frame.roomId).receive(userId, name, frame)
      send(ack)
      if (message) push(state, message)
    }
  }
}

const problemWith = (
  state: State,
  { rooms }: ScriptedConnection,
  frame: ClientFrame,
): ChatError | undefined => {
  if (frame.action !== 'sendMessage' && frame.action !== 'getHistory') return undefined
  if (!rooms.has(frame.roomId)) return new ChatError('not_a_member', 'Join the room first.')
  const epoch = frame.action === 'sendMessage' ? (frame.since?.epoch ?? undefined) : frame.epoch
  return epoch === undefined || epoch === roomOf(state, frame.roomId).epoch()
    ? undefined
    : new ChatError('stale_cursor', 'The room has another epoch.')
}

const headsOf = (state: State, { rooms }: ScriptedConnection, asked: readonly string[]) =>
  Object.fromEntries(
    asked.map((roomId) => {
      const room = roomOf(state, roomId)
      return [roomId, rooms.has(roomId) ? { epoch: room.epoch(), seq: room.head() } : null]
    }),
  )

const answer = (state: State, request: IncomingMessage, response: ServerResponse): void => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname !== '/auth-check') {
    response.writeHead(404).end()
    return
  }
  state.authChecks.push(url)
  const { status, body } = state.refusal?.told ?? { status: 200, body: {} }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
