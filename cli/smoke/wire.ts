import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { SocketConstructor } from '../../client/api/types.ts'
import { decodeFrame } from '../../client/connection/decode-frame.ts'
import type { ClientFrame } from '../../protocol/client-frames.ts'
import type { HelloFrame, ReplyFrame, ServerFrame } from '../../protocol/server-frames.ts'

/** Reason of a failed upgrade: the server's status and message, or the network's error. */
export type Refusal = { readonly status: number | undefined; readonly reason: string }

/**
 * The traffic between a client and the server, seen from outside, because the client hides and repairs failures. The wire can
 * also be cut.
 */
export type Wire = {
  /** WebSocket constructor for the client. */
  readonly WebSocket: SocketConstructor
  /** Returns the server's last hello. */
  readonly hello: () => HelloFrame | undefined
  /** Time of the first push of each message by `clientMessageId`, by the clock of `performance`. */
  readonly pushedAtMs: ReadonlyMap<string, number>
  /** Sends a frame in addition to the client's; resolves with the reply. */
  readonly request: (frame: ClientFrame) => Promise<ReplyFrame>
  /** Cuts the network: the socket breaks without notice and none can be opened. */
  readonly takeDown: () => void
  readonly bringUp: () => void
}

type On = {
  /** A frame has arrived. */
  readonly change: () => void
  readonly refused: (refusal: Refusal) => void
}

export const makeWire = (on: On): Wire => {
  const pushedAtMs = new Map<string, number>()
  const replies = new Map<string, (frame: ReplyFrame) => void>()
  let socket: WebSocket | undefined
  let hello: HelloFrame | undefined
  /** Sockets that `takeDown` broke; their events are ignored. */
  const broken = new WeakSet<WebSocket>()
  let isDown = false
  let lastId = 0

  const hear = (frame: ServerFrame) => {
    if (frame.type === 'hello') hello = frame
    if (frame.type === 'messages') notePushes(pushedAtMs, frame.messages)
    if ('id' in frame && frame.id !== undefined) replies.get(frame.id)?.(frame)
    on.change()
  }
  const adopt = (adopted: WebSocket) => {
    socket = adopted
    adopted.on('message', (data, isBinary) => {
      const decoded = isBinary ? undefined : decodeFrame(String(data))
      if (decoded?.kind === 'frame') hear(decoded.frame)
    })
    let opened = false
    adopted.on('open', () => {
      opened = true
    })
    adopted.on('error', (error) => {
      if (!opened && !broken.has(adopted)) on.refused({ status: undefined, reason: networkReason(error) })
    })
    adopted.on('unexpected-response', (_, response) => void refuse(adopted, response))
    if (isDown) breakOff(adopted)
  }
  const refuse = async (refused: WebSocket, response: IncomingMessage) => {
    on.refused({ status: response.statusCode, reason: reasonIn(await textOf(response)) })
    breakOff(refused)
  }
  const breakOff = (socketToBreak: WebSocket) => {
    broken.add(socketToBreak)
    socketToBreak.terminate()
  }
  /** WebSocket for the client, a class because the client calls `new` on it. */
  class WiredSocket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols)
      adopt(this)
    }
  }

  return {
    WebSocket: WiredSocket,
    hello: () => hello,
    pushedAtMs,
    request: (frame) => {
      const id = `smoke-${++lastId}`
      const { promise, resolve } = Promise.withResolvers<ReplyFrame>()
      replies.set(id, resolve)
      socket?.send(JSON.stringify({ ...frame, id }))
      return promise
    },
    takeDown: () => {
      isDown = true
      if (socket !== undefined) breakOff(socket)
    },
    bringUp: () => {
      isDown = false
    },
  }
}

const notePushes = (
  pushedAtMs: Map<string, number>,
  messages: readonly { readonly clientMessageId?: string }[],
) => {
  for (const { clientMessageId } of messages) {
    if (clientMessageId !== undefined && !pushedAtMs.has(clientMessageId)) {
      pushedAtMs.set(clientMessageId, performance.now())
    }
  }
}

/** Returns the message of an error; a name with several addresses fails with several errors. */
const networkReason = (error: Error): string => {
  if (error instanceof AggregateError) return error.errors.map(String).join(', ')
  return error.message.includes('wrong version number')
    ? 'it speaks no TLS there; is it ws://?'
    : error.message
}

/** Maximum characters of an answer to an upgrade: a longer one is another server's page (our choice). */
const maxBodyBytes = 4096

const textOf = async (response: IncomingMessage): Promise<string> => {
  let text = ''
  try {
    for await (const chunk of response) {
      text += chunk
      if (text.length > maxBodyBytes) break
    }
  } catch (error) {
    // The body broke off; the status is enough.
    if (!(error instanceof Error)) throw error
  }
  return text
}

/** Returns the `message` of an error frame or of API Gateway's own answer. */
const reasonIn = (body: string): string =>
  /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? 'no reason given'
