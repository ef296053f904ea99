import type { HelloFrame, ServerFrame } from '../../protocol/server-frames.ts'
import { ChatClientError, connectionLost, errorOfFrame } from '../api/errors.ts'
import type { Timers, Timings } from '../api/timing.ts'
import { throwLater } from '../primitives/rethrow.ts'
import { decodeFrame, isHello } from './decode-frame.ts'
import { makeRequests, type Request } from './requests.ts'
import { openSocket, type SocketConstructor } from './socket.ts'

/** What a frame that answers nothing can be. */
export type Push = Extract<ServerFrame, { readonly type: 'messages' | 'disconnect' }>

export type Session = {
  readonly request: Request
  /** Is done with the socket; requests under way fail with `reason`. */
  readonly end: (reason: ChatClientError) => void
  /** Ends once the requests under way have their replies, or have waited for them as long as they may. */
  readonly retire: () => void
}

type Options = {
  readonly WebSocket: SocketConstructor
  readonly url: string
  readonly protocols: readonly string[]
  readonly timers: Timers
  readonly timings: Timings
  readonly on: {
    /** The server has said hello: requests may be sent. */
    readonly ready: (hello: HelloFrame) => void
    readonly push: (push: Push) => void
    /** The server reports an error that belongs to no request. */
    readonly error: (error: ChatClientError) => void
    /** Called once. `opened` is false where the server refused or never answered. */
    readonly ended: (end: { readonly opened: boolean }) => void
  }
}

/** One socket and the requests over it, from the upgrade to its end. */
export const openSession = ({ WebSocket, url, protocols, timers, timings, on }: Options): Session => {
  let heardAtMs = timers.now()
  let reason = connectionLost()

  const requests = makeRequests({
    timers,
    timeoutMs: timings.requestTimeoutMs,
    send: (text) => socket.send(text),
    // A server that has not said a word since is gone, whatever the socket believes.
    onTimeout: (askedAtMs) => heardAtMs <= askedAtMs && socket.drop(),
  })
  const greet = async () => {
    try {
      on.ready(await requests.request({ action: 'hello' }, isHello))
    } catch (error) {
      if (!(error instanceof ChatClientError)) throw error
      if (error !== reason) on.error(error)
      socket.drop()
    }
  }
  const hear = (text: string) => {
    heardAtMs = timers.now()
    const decoded = decodeFrame(text)
    if (decoded.kind === 'frame') sort(decoded.frame)
    else if (decoded.kind === 'failure') {
      on.error(new ChatClientError('internal', decoded.message, { status: 500, temporary: true }))
    }
  }
  const sort = (frame: ServerFrame) => {
    if (frame.type === 'messages' || frame.type === 'disconnect') on.push(frame)
    else if (!requests.settle(frame) && frame.type === 'error') on.error(errorOfFrame(frame))
  }
  const socket = openSocket({
    WebSocket,
    url,
    protocols,
    timers,
    connectTimeoutMs: timings.connectTimeoutMs,
    onOpen: () => greet().catch(throwLater),
    onText: hear,
    onClose: (end) => {
      requests.failAll(reason)
      on.ended(end)
    },
  })

  return {
    request: requests.request,
    end: (why) => {
      reason = why
      socket.drop()
    },
    retire: () => requests.whenIdle(socket.drop),
  }
}
