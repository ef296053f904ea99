import type { FrameOf } from '../../../protocol/client-frames.ts'
import type {
  AckFrame,
  ChatMessage,
  HistoryFrame,
  JoinedFrame,
  MessagesFrame,
} from '../../../protocol/server-frames.ts'

/** A room as a plain list: what a faithful server would answer, with levers for what may happen to a room. */
export type ScriptedRoom = {
  readonly roomId: string
  /** Null while there is no message. */
  readonly epoch: () => string | null
  readonly head: () => number
  readonly messages: () => readonly ChatMessage[]
  /** Appends without telling anyone; who tells the members is the caller. */
  readonly append: (userId: string, content: string, extra?: Partial<ChatMessage>) => MessagesFrame
  /** Appends what a client sent, once: a repeat gets the first ack again. */
  readonly receive: (
    userId: string,
    name: string | undefined,
    frame: FrameOf<'sendMessage'>,
  ) => { readonly ack: AckFrame; readonly push: MessagesFrame | undefined }
  readonly join: (frame: FrameOf<'joinRoom'>) => JoinedFrame
  readonly history: (frame: FrameOf<'getHistory'>) => HistoryFrame
  /** Begins a new epoch, without messages until the next one. */
  readonly restart: () => void
  /** Loses what is older than this seq, as retention does. */
  readonly expireBefore: (seq: number) => void
}

const defaultPage = 100

export const makeScriptedRoom = (roomId: string): ScriptedRoom => {
  let generation = 1
  let messages: ChatMessage[] = []
  let head = 0
  let floor = 1
  const epoch = () => (head === 0 ? null : `epoch-${generation}`)
  const epochOnceWritten = () => `epoch-${generation}`

  const append = (userId: string, content: string, extra: Partial<ChatMessage> = {}): MessagesFrame => {
    head += 1
    const message: ChatMessage = {
      seq: head,
      kind: 'text',
      messageId: `${roomId}-${generation}-${head}`,
      sender: { userId },
      content,
      sentAt: new Date(Date.UTC(2026, 10, 22) + head * 1000).toISOString(),
      ...extra,
    }
    messages.push(message)
    return { type: 'messages', roomId, epoch: epochOnceWritten(), messages: [message] }
  }
  const newest = (limit: number) => messages.slice(-limit)
  const after = (seq: number) => messages.filter((message) => message.seq > seq)

  return {
    roomId,
    epoch,
    head: () => head,
    messages: () => messages,
    append,
    receive: (userId, name, { content, clientMessageId, attributes }) => {
      const known = messages.find(
        (message) => message.sender.userId === userId && message.clientMessageId === clientMessageId,
      )
      const push =
        known === undefined
          ? append(userId, content, {
              sender: { userId, ...(name !== undefined && { name }) },
              sentAt: new Date().toISOString(),
              ...(clientMessageId !== undefined && { clientMessageId }),
              ...(attributes !== undefined && { attributes }),
            })
          : undefined
      const message = known ?? messages.at(-1)
      if (message === undefined) throw new Error('A room that was appended to is not empty')
      const { seq, messageId, sentAt } = message
      const ack: AckFrame = { type: 'ack', roomId, epoch: epochOnceWritten(), seq, messageId, sentAt }
      return { ack: known === undefined ? ack : { ...ack, duplicate: true }, push }
    },
    join: ({ since, limit = defaultPage }) => {
      const page = { type: 'joined', roomId, epoch: epoch(), seq: head, floor } as const
      const sameEpoch = since?.epoch === epoch() || since?.epoch === null
      if (since !== undefined && sameEpoch && since.seq + 1 >= floor) {
        const missed = after(since.seq)
        return { ...page, messages: missed.slice(0, limit), recovered: true, more: missed.length > limit }
      }
      return { ...page, messages: newest(limit), recovered: false, more: messages.length > limit }
    },
    history: ({ before, after: afterSeq, limit = defaultPage }) => {
      const page = { type: 'history', roomId, epoch: epoch(), floor } as const
      if (afterSeq !== undefined) {
        const later = after(afterSeq)
        return { ...page, messages: later.slice(0, limit), more: later.length > limit }
      }
      const earlier = messages.filter((message) => before === undefined || message.seq < before)
      return { ...page, messages: earlier.slice(-limit), more: earlier.length > limit }
    },
    restart: () => {
      generation += 1
      messages = []
      head = 0
      floor = 1
    },
    expireBefore: (seq) => {
      messages = messages.filter((message) => message.seq >= seq)
      floor = seq
    },
  }
}
