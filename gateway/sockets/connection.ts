import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Clock } from '../../core/ports.ts'
import type { AuthorizerContext } from './authorization.ts'

export type ClientIdentity = { readonly sourceIp: string; readonly userAgent: string }

/** How a connection ended: what its $disconnect event says. */
export type Closing = { readonly code: number; readonly reason: string }

/** One client, from its $connect on until its socket is gone. */
export type GatewayConnection = {
  readonly id: string
  readonly connectedAtMs: number
  readonly identity: ClientIdentity
  readonly authorizer: AuthorizerContext
  /** Whether it can be posted to: not before its $connect has returned, nor once it is being closed. */
  readonly isOpen: () => boolean
  /** When the last text frame came or went. */
  readonly lastActiveAtMs: () => number
  /** When anything came from the client, be it a protocol pong. */
  readonly lastHeardAtMs: () => number
  readonly open: (ws: WebSocket, socket: Duplex) => void
  /** Notes a frame from the client. */
  readonly received: () => void
  /** `full`: what waits unsent is more than the client may leave unread. */
  readonly send: (frame: Buffer) => 'sent' | 'gone' | 'full'
  readonly ping: () => void
  /** Begins the closing handshake. Nothing is sent or taken after it. */
  readonly close: (closing: Closing) => void
  /** Destroys the socket. */
  readonly cutOff: (closing: Closing) => void
  /** How the gateway itself ended it, if it did. */
  readonly closing: () => Closing | undefined
}

type Options = {
  readonly id: string
  readonly connectedAtMs: number
  readonly identity: ClientIdentity
  readonly authorizer: AuthorizerContext
  readonly sendBufferBytes: number
  readonly clock: Clock
  /** Called once, when the gateway itself begins to end the connection. */
  readonly onClosing: (connection: GatewayConnection) => void
}

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
      // One that is not being read has its pongs unread as well.
      if (line === undefined || line.ws.isPaused) heard()
      else line.ws.ping()
    },
    close: (closing) =>
      end(closing, (ws) => {
        ws.close(closing.code, closing.reason)
        // The client's half of the closing handshake has to be read.
        ws.resume()
      }),
    cutOff: (closing) => end(closing, (ws) => ws.terminate()),
  }
  return connection
}

/** What is written to a socket in one tick leaves in one system call: the frames of a batch for one member. */
const corkForThisTick = (socket: Duplex): void => {
  if (socket.writableCorked > 0) return
  socket.cork()
  process.nextTick(() => socket.uncork())
}
