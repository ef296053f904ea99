import type { ClientFrame } from '../../protocol/client-frames.ts'
import type { ReplyFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Timers } from '../api/timing.ts'
import { isErrorReply } from './decode-frame.ts'
import { errorOfFrame } from './frame-errors.ts'

/** Sends a frame and resolves with its reply. @throws ChatClientError the server's error, `timeout`, `disconnected` or `closed` */
export type Request = <Reply extends ReplyFrame>(
  frame: ClientFrame,
  accepts: (reply: ReplyFrame) => reply is Reply,
) => Promise<Reply>

type Waiting = {
  readonly take: (reply: ReplyFrame) => void
  readonly fail: (error: ChatClientError) => void
}

/** Requests on one socket. */
export type Requests = {
  readonly request: Request
  /** Settles the request of a reply. @returns false if no such request is pending */
  readonly settle: (reply: ReplyFrame) => boolean
  /** Fails all pending requests, when no reply can come. */
  readonly failAll: (error: ChatClientError) => void
  /** Calls back once no request is pending, which takes at most `timeoutMs`; immediately if none is. */
  readonly whenIdle: (callback: () => void) => void
}

type Deps = {
  readonly timers: Timers
  readonly timeoutMs: number
  readonly send: (text: string) => void
  /** A request timed out. `askedAtMs` is the time of its sending, by the clock of `timers`. */
  readonly onTimeout: (askedAtMs: number) => void
}

/** Matches replies to requests by the `id` of the frames. */
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
        } else
          fail(new ChatClientError('internal', `The server answered ${frame.action} with "${reply.type}".`))
      }
      const cancelTimeout = timers.after(timeoutMs, () => {
        fail(
          new ChatClientError(
            'timeout',
            `The server did not answer ${frame.action} within ${timeoutMs} ms.`,
            {
              temporary: true,
            },
          ),
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
