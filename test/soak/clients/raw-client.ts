import type { ErrorCode } from '../../../protocol/codes.ts'

/** The service's answer was an error frame. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly code: ErrorCode
  readonly temporary: boolean
  constructor(code: ErrorCode, temporary: boolean, message: string) {
    super(`${code}: ${message}`)
    this.code = code
    this.temporary = temporary
  }
}

/** There was no answer: whether it took effect is not known. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

export type RawClient = {
  /** @throws RefusedError, NoAnswerError */
  readonly request: <Reply>(frame: object) => Promise<Reply>
  readonly close: () => void
}

const patienceMs = 10_000

/** Speaks the protocol itself, without the SDK. @throws NoAnswerError if there is no connection */
export const connectRaw = async (url: string): Promise<RawClient> => {
  const socket = new WebSocket(url)
  const waiting = new Map<string, (reply: Reply | undefined) => void>()
  let lastId = 0
  const opened = Promise.withResolvers<boolean>()
  const end = () => {
    opened.resolve(false)
    for (const answer of [...waiting.values()]) answer(undefined)
  }
  socket.addEventListener('open', () => opened.resolve(true))
  socket.addEventListener('close', end)
  socket.addEventListener('error', end)
  socket.addEventListener('message', ({ data }) => {
    const frame: Reply = JSON.parse(String(data))
    if (frame.id !== undefined) waiting.get(frame.id)?.(frame)
  })
  const timer = setTimeout(() => opened.resolve(false), patienceMs)
  const isOpen = await opened.promise
  clearTimeout(timer)
  if (!isOpen) {
    socket.close()
    throw new NoAnswerError('no connection')
  }
  return {
    close: () => socket.close(),
    request: async <T>(frame: object) => {
      if (socket.readyState !== WebSocket.OPEN) throw new NoAnswerError('the connection is gone')
      const id = String(++lastId)
      const { promise, resolve } = Promise.withResolvers<Reply | undefined>()
      const deadline = setTimeout(resolve, patienceMs, undefined)
      waiting.set(id, resolve)
      socket.send(JSON.stringify({ ...frame, id }))
      const reply = await promise
      clearTimeout(deadline)
      waiting.delete(id)
      if (reply === undefined) throw new NoAnswerError('no answer')
      if (reply.type === 'error') throw new RefusedError(reply.code, reply.temporary, reply.message)
      return reply as T
    },
  }
}

type Reply = {
  readonly id?: string
  readonly type: string
  readonly code: ErrorCode
  readonly temporary: boolean
  readonly message: string
}
