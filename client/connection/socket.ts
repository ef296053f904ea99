import type { Timers } from '../api/timing.ts'
import type { SocketConstructor } from '../api/types.ts'

/** Returns the WebSocket of the browser or of Node. @throws Error if the runtime has none */
export const builtInWebSocket = (): SocketConstructor => {
  if (typeof globalThis.WebSocket === 'function') return globalThis.WebSocket
  throw new Error('This runtime has no WebSocket. Pass one as options.WebSocket, or use Node 22 or newer.')
}

/** An open or opening WebSocket. */
export type Socket = {
  readonly send: (text: string) => void
  /** Closes the socket: `onClose` is called immediately, and frames that still arrive are ignored. */
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
  /** Called once. `opened` is false if the server refused or never answered. */
  readonly onClose: (close: { readonly opened: boolean }) => void
}

/** Opens one WebSocket. It never reconnects. */
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
    // On a dead network, the closing handshake takes minutes; the client does not wait for it.
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
  // The `close` event after an `error` says enough. Without this listener, the `ws` package would throw the error.
  socket.addEventListener('error', () => undefined)

  return { send: (text) => socket.send(text), drop }
}
