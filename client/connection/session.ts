import type { HelloFrame, ServerFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Timers, Timings } from '../api/timing.ts'
import type { SocketConstructor } from '../api/types.ts'
import { throwLater } from '../primitives/rethrow.ts'
import { decodeFrame, isHello } from './decode-frame.ts'
import { connectionLost, errorOfFrame } from './frame-errors.ts'
import { makeRequests, type Request } from './requests.ts'
import { openSocket } from './socket.ts'

/** A frame from the server that answers no request. */
export type Push = Extract<ServerFrame, { readonly type: 'messages' | 'disconnect' }>

/** One WebSocket whose server has said hello, with the requests on it. */
export type Session = {
  readonly hello: HelloFrame
  /** Start of the opening, by the clock of `timers`. The server counts the connection's age from a later moment. */
  readonly begunAtMs: number
  /** Arrival of the hello, by the clock of `timers`. */
  readonly readyAtMs: number
  readonly request: Request
  /** Ends immediately; pending requests fail with `reason`. */
  readonly end: (reason: ChatClientError) => void
  /** Ends once every pending request has its reply or has timed out. */
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
    readonly ready: (session: Session) => void
    readonly push: (push: Push) => void
    /** The server reports an error that belongs to no request. */
    readonly error: (error: ChatClientError) => void
    /** Called once. `opened` is false if the server refused or never answered. */
    readonly ended: (end: { readonly opened: boolean }) => void
  }
}

/** Opens a WebSocket and says hello. @returns a handle that ends it in every phase */
export const openSession = (options: Options): Pick<Session, 'end'> => {
  const { WebSocket, url, protocols, timers, timings, on } = options
  const begunAtMs = timers.now()
  let heardAtMs = begunAtMs
  let reason = connectionLost()

  const requests = makeRequests({
    timers,
    timeoutMs: timings.requestTimeoutMs,
    send: (text) => socket.send(text),
    // A server that has sent nothing since is gone, even if the socket still looks open.
    onTimeout: (askedAtMs) => heardAtMs <= askedAtMs && socket.drop(),
  })
  const end = (why: ChatClientError) => {
    reason = why
    socket.drop()
  }
  const sayHello = async () => {
    try {
      const hello = await requests.request({ action: 'hello' }, isHello)
      const retire = () => requests.whenIdle(socket.drop)
      on.ready({ hello, begunAtMs, readyAtMs: timers.now(), request: requests.request, end, retire })
    } catch (error) {
      if (!(error instanceof ChatClientError)) throw error
      if (error !== reason) on.error(error)
      socket.drop()
    }
  }
  const onText = (text: string) => {
    heardAtMs = timers.now()
    const decoded = decodeFrame(text)
    if (decoded.kind === 'frame') dispatch(decoded.frame)
    else if (decoded.kind === 'failure') {
      on.error(new ChatClientError('internal', decoded.message, { status: 500, temporary: true }))
    }
  }
  const dispatch = (frame: ServerFrame) => {
    if (frame.type === 'messages' || frame.type === 'disconnect') on.push(frame)
    else if (!requests.settle(frame) && frame.type === 'error') on.error(errorOfFrame(frame))
  }
  const socket = openSocket({
    WebSocket,
    url,
    protocols,
    timers,
    connectTimeoutMs: timings.connectTimeoutMs,
    onOpen: () => sayHello().catch(throwLater),
    onText,
    onClose: (close) => {
      requests.failAll(reason)
      on.ended(close)
    },
  })
  return { end }
}
