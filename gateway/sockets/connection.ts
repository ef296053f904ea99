import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Clock } from '../../core/ports.ts'
import type { AuthorizerContext } from './authorization.ts'

/** Address and user agent of a client, as API Gateway reports them in events. */
export type ClientIdentity = { readonly sourceIp: string; readonly userAgent: string }

/** Close code and reason of a connection, as its $disconnect event reports them. */
export type Closing = { readonly code: number; readonly reason: string }

/** One client's connection, from the start of its $connect until its socket has closed. */
export type GatewayConnection = {
  readonly id: string
  readonly connectedAtMs: number
  readonly identity: ClientIdentity
  readonly authorizer: AuthorizerContext
  /** Tells whether posts are possible: after $connect has returned and before closing begins. */
  readonly isOpen: () => boolean
  /** Time of the last text frame in either direction, in ms since 1970. */
  readonly lastActiveAtMs: () => number
  /** Time of the last sign of life from the client, protocol pongs included, in ms since 1970. */
  readonly lastHeardAtMs: () => number
  /** Attaches the accepted WebSocket; from then on the connection can be posted to. */
  readonly open: (ws: WebSocket, socket: Duplex) => void
  /** Records that a frame arrived from the client. */
  readonly received: () => void
  /** Writes a frame. `full` means that the client reads too slowly: its send buffer exceeds the limit. */
  readonly send: (frame: Buffer) => 'sent' | 'gone' | 'full'
  /** Sends a protocol ping; a client that is not being read counts as alive without one. */
  readonly ping: () => void
  /** Begins the closing handshake. No frame is sent or accepted after it. */
  readonly close: (closing: Closing) => void
  /** Destroys the socket without a closing handshake. */
  readonly cutOff: (closing: Closing) => void
  /** Close code and reason that the gateway chose, or undefined if the client ended the connection. */
  readonly closing: () => Closing | undefined
}

type Options = {
  readonly id: string
  readonly connectedAtMs: number
  readonly identity: ClientIdentity
  readonly authorizer: AuthorizerContext
  readonly sendBufferBytes: number
  readonly clock: Clock
  /** Called once, when the gateway begins to end the connection. */
  readonly onClosing: (connection: GatewayConnection) => void
}

/** Creates a connection that is not open yet. */
export const makeConnection = (options: Options): GatewayConnection => {
  const { id, connectedAtMs, identity, authorizer, sendBufferBytes, clock, onClosing } = options
  let line: { readonly ws: WebSocket; readonly socket: Duplex } | undefined
  let ended: Closing | undefined
  let lastActiveAtMs = connectedAtMs
  let lastHeardAtMs = connectedAtMs

  const isOpen = () => ended === undefined && line?.ws.readyState === WebSocket.OPEN
  const heard = () => {
    lastHeardAtMs = clock()
  }
  const end = (closing: Closing, how: (ws: WebSocket) => void) => {
    if (ended === undefined) {
      ended = closing
      onClosing(connection)
    }
    if (line) how(line.ws)
  }

  const connection: GatewayConnection = {
    id,
    connectedAtMs,
    identity,
    authorizer,
    isOpen,
    lastActiveAtMs: () => lastActiveAtMs,
    lastHeardAtMs: () => lastHeardAtMs,
    closing: () => ended,
    open: (ws, socket) => {
      line = { ws, socket }
      heard()
      ws.on('ping', heard)
      ws.on('pong', heard)
    },
    received: () => {
      heard()
      lastActiveAtMs = lastHeardAtMs
    },
    send: (frame) => {
      if (line === undefined || !isOpen()) return 'gone'
      if (line.ws.bufferedAmount > sendBufferBytes) return 'full'
      corkForThisTick(line.socket)
      line.ws.send(frame, { binary: false })
      lastActiveAtMs = clock()
      return 'sent'
    },
    ping: () => {
      // While the socket is paused, the client's pongs are not read either.
      if (line === undefined || line.ws.isPaused) heard()
      else line.ws.ping()
    },
    close: (closing) =>
      end(closing, (ws) => {
        ws.close(closing.code, closing.reason)
        // The client's half of the closing handshake must still be read.
        ws.resume()
      }),
    cutOff: (closing) => end(closing, (ws) => ws.terminate()),
  }
  return connection
}

/** Sends everything that is written in this tick in one system call: the frames of a batch for one member. */
const corkForThisTick = (socket: Duplex): void => {
  if (socket.writableCorked > 0) return
  socket.cork()
  process.nextTick(() => socket.uncork())
}
