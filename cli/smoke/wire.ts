import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { decodeFrame } from '../../client/connection/decode-frame.ts'
import type { SocketConstructor } from '../../client/connection/socket.ts'
import type { ClientFrame } from '../../protocol/client-frames.ts'
import type { HelloFrame, ReplyFrame, ServerFrame } from '../../protocol/server-frames.ts'

/** Why an upgrade failed: the server's status and what it said, or what the network said. */
export type Refusal = { readonly status: number | undefined; readonly reason: string }

/**
 * What passes between a client and the server, seen from outside: the client hides, and mends, what this is to find
 * out. And a network that can be taken away.
 */
export type Wire = {
  /** For the client to connect with. */
  readonly WebSocket: SocketConstructor
  /** The last one that the server sent. */
  readonly hello: () => HelloFrame | undefined
  /** When each message was first pushed, by its `clientMessageId`, on the clock of `performance`. */
  readonly pushedAtMs: ReadonlyMap<string, number>
  /** Sends a frame beside the client's own, and resolves with the reply. */
  readonly request: (frame: ClientFrame) => Promise<ReplyFrame>
  /** Takes the network away: the socket breaks without a word, and none can be opened. */
  readonly takeDown: () => void
  readonly bringUp: () => void
}

type On = {
  /** Something has arrived. */
  readonly change: () => void
  readonly refused: (refusal: Refusal) => void
}

export const makeWire = (on: On): Wire => {
  const pushedAtMs = new Map<string, number>()
  const replies = new Map<string, (frame: ReplyFrame) => void>()
  let socket: WebSocket | undefined
  let hello: HelloFrame | undefined
  /** Broken by `takeDown`: what becomes of them is no news. */
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
  /** A class because the client calls `new` on it. */
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

/** A name with several addresses fails with several errors, and no message of its own. */
const networkReason = (error: Error): string => {
  if (error instanceof AggregateError) return error.errors.map(String).join(', ')
  return error.message.includes('wrong version number')
    ? 'it speaks no TLS there; is it ws://?'
    : error.message
}

/** An answer to an upgrade is a line; what is longer is somebody else's page. */
const maxBodyBytes = 4096

const textOf = async (response: IncomingMessage): Promise<string> => {
  let text = ''
  try {
    for await (const chunk of response) {
      text += chunk
      if (text.length > maxBodyBytes) break
    }
  } catch (error) {
    // It broke off: the status is what counts.
    if (!(error instanceof Error)) throw error
  }
  return text
}

/** The `message` of an error frame, or of API Gateway's own answer. */
const reasonIn = (body: string): string =>
  /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? 'no reason given'
