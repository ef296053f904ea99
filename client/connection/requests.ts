import type { ClientFrame } from '../../protocol/client-frames.ts'
import type { ReplyFrame } from '../../protocol/server-frames.ts'
import { ChatClientError, errorOfFrame } from '../api/errors.ts'
import type { Timers } from '../api/timing.ts'
import { isErrorReply } from './decode-frame.ts'

/** Sends a frame and resolves with its reply. @throws ChatClientError what the server said, `timeout`, `disconnected` or `closed` */
export type Request = <Reply extends ReplyFrame>(
  frame: ClientFrame,
  accepts: (reply: ReplyFrame) => reply is Reply,
) => Promise<Reply>

type Waiting = {
  readonly take: (reply: ReplyFrame) => void
  readonly fail: (error: ChatClientError) => void
}

export type Requests = {
  readonly request: Request
  /** Hands a reply to whoever asked. False if nobody did, or not any more. */
  readonly settle: (reply: ReplyFrame) => boolean
  /** No reply will come. */
  readonly failAll: (error: ChatClientError) => void
  /** Calls back once no request waits for its reply: at once if none does. A request takes `timeoutMs` at most. */
  readonly whenIdle: (callback: () => void) => void
}

type Deps = {
  readonly timers: Timers
  readonly timeoutMs: number
  readonly send: (text: string) => void
  /** `askedAtMs` is when the request without an answer was sent, on the clock of `timers`. */
  readonly onTimeout: (askedAtMs: number) => void
}

/** Matches replies to requests by the id that each frame bears. */
export const makeRequests = ({ timers, timeoutMs, send, onTimeout }: Deps): Requests => {
  const waiting = new Map<string, Waiting>()
  let lastId = 0
  let onIdle: (() => void) | undefined

  const request: Request = (frame, accepts) =>
    new Promise((resolve, reject) => {
      lastId += 1
      const id = String(lastId)
      const askedAtMs = timers.now()
      const done = () => {
        cancelTimeout()
        waiting.delete(id)
        if (waiting.size === 0) onIdle?.()
      }
      const fail = (error: ChatClientError) => {
        done()
        reject(error)
      }
      const take = (reply: ReplyFrame) => {
        if (isErrorReply(reply)) fail(errorOfFrame(reply))
        else if (accepts(reply)) {
          done()
          resolve(reply)
        } else fail(new ChatClientError('internal', `${frame.action} was answered by "${reply.type}".`))
      }
      const cancelTimeout = timers.after(timeoutMs, () => {
        fail(
          new ChatClientError('timeout', `${frame.action} got no reply in ${timeoutMs} ms.`, {
            temporary: true,
          }),
        )
        onTimeout(askedAtMs)
      })
      waiting.set(id, { take, fail })
      send(JSON.stringify({ ...frame, id }))
    })

  return {
    request,
    settle: (reply) => {
      const asker = reply.id === undefined ? undefined : waiting.get(reply.id)
      asker?.take(reply)
      return asker !== undefined
    },
    failAll: (error) => {
      for (const asker of [...waiting.values()]) asker.fail(error)
    },
    whenIdle: (callback) => {
      if (waiting.size === 0) callback()
      else onIdle = callback
    },
  }
}
