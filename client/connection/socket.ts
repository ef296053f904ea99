import type { Timers } from '../api/timing.ts'

/** Of a WebSocket, what this client uses: the browser's, Node's and the `ws` package's all fit. */
export type SocketLike = {
  send(data: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike

/** The browser's, or Node's. @throws Error there is none */
export const builtInWebSocket = (): SocketConstructor => {
  if (typeof globalThis.WebSocket === 'function') return globalThis.WebSocket
  throw new Error('This runtime has no WebSocket: pass one as options.WebSocket, or use Node 22 or newer.')
}

export type Socket = {
  readonly send: (text: string) => void
  /** Is done with this socket: `onClose` is called at once, and nothing that still arrives is heard. */
  readonly drop: () => void
}

type Options = {
  readonly WebSocket: SocketConstructor
  readonly url: string
  readonly protocols: readonly string[]
  readonly timers: Timers
  readonly connectTimeoutMs: number
  readonly onOpen: () => void
  readonly onText: (text: string) => void
  /** Called once. `opened` is false where the server refused or never answered. */
  readonly onClose: (close: { readonly opened: boolean }) => void
}

/** Opens one WebSocket, for one try: whoever wants another opens another. */
export const openSocket = (options: Options): Socket => {
  const { WebSocket, url, protocols, timers, connectTimeoutMs, onOpen, onText, onClose } = options
  const socket = new WebSocket(url, [...protocols])
  let state: 'opening' | 'open' | 'closed' = 'opening'

  const closed = () => {
    if (state === 'closed') return
    const opened = state === 'open'
    state = 'closed'
    cancelTimeout()
    onClose({ opened })
  }
  const drop = () => {
    // The closing handshake of a dead network takes minutes; nobody waits for it.
    socket.close(1000)
    closed()
  }
  const cancelTimeout = timers.after(connectTimeoutMs, drop)

  socket.addEventListener('open', () => {
    if (state !== 'opening') return
    state = 'open'
    cancelTimeout()
    onOpen()
  })
  socket.addEventListener('message', ({ data }) => {
    if (state === 'open' && typeof data === 'string') onText(data)
  })
  socket.addEventListener('close', closed)
  // An `error` says nothing that the `close` after it does not; without a listener Node's `ws` would throw it.
  socket.addEventListener('error', () => undefined)

  return { send: (text) => socket.send(text), drop }
}
