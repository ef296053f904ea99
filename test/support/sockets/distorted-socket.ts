import type { SocketConstructor, SocketLike } from '../../../client/api/types.ts'
import type { ServerFrame } from '../../../protocol/server-frames.ts'

/** What a client hears in place of a frame; nothing if it is undefined. */
export type Distort = (frame: ServerFrame) => object | undefined

/** WebSockets on the way from which to their client frames are lost, or become others. */
export const distortedSockets = (distort: Distort): SocketConstructor =>
  class implements SocketLike {
    readonly #socket: WebSocket

    constructor(url: string, protocols?: string[]) {
      this.#socket = new WebSocket(url, protocols)
    }
    send(data: string): void {
      this.#socket.send(data)
    }
    close(code?: number): void {
      this.#socket.close(code)
    }
    addEventListener(type: string, listener: (event: { readonly data: unknown }) => void): void {
      this.#socket.addEventListener(type, (event) => {
        if (!(event instanceof MessageEvent)) return listener({ data: undefined })
        const frame = distort(JSON.parse(event.data))
        if (frame !== undefined) listener({ data: JSON.stringify(frame) })
      })
    }
  }
