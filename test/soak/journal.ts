import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { ChatMessage } from '../../protocol/server-frames.ts'
import type { JournalLine, MessagesLine, PageLine } from './journal-lines.ts'

type Where = { readonly client: string; readonly roomId: string }

/** Writes down what happens to the clients of a process. */
export type Journal = {
  readonly write: (line: JournalLine) => void
  /** A message that the SDK has handed over. */
  readonly message: (where: Where, epoch: string, message: ChatMessage) => void
  /** A page that the SDK has handed over. */
  readonly page: (
    kind: PageLine['kind'],
    where: Where,
    page: { readonly epoch: string | null; readonly messages: readonly ChatMessage[] },
  ) => void
  /** Resolves when everything is in the file. */
  readonly close: () => Promise<void>
}

type OpenLine = MessagesLine & { readonly ids: string[] }

/** How many messages in a row make a line. */
const maxStretch = 200

export const openJournal = (file: string): Journal => {
  const stream = createWriteStream(file)
  const open = new Map<string, OpenLine>()

  const put = (line: JournalLine) => void stream.write(`${JSON.stringify(line)}\n`)
  const flush = (key: string) => {
    const line = open.get(key)
    open.delete(key)
    if (line) put(line)
  }
  const write = (line: JournalLine) => {
    flush(keyOf(line))
    put(line)
  }
  const message: Journal['message'] = (where, epoch, { seq, messageId, clientMessageId, content }) => {
    if (clientMessageId !== undefined && !content.startsWith(clientMessageId)) {
      write({ ...where, kind: 'wrong', what: `the content of ${messageId} is not what was sent with it` })
    }
    const line = open.get(keyOf(where))
    const follows = line?.epoch === epoch && line.from + line.ids.length === seq
    if (line && follows) line.ids.push(messageId)
    else {
      flush(keyOf(where))
      open.set(keyOf(where), { ...where, kind: 'messages', epoch, from: seq, ids: [messageId] })
    }
    if ((line?.ids.length ?? 0) >= maxStretch) flush(keyOf(where))
  }

  return {
    write,
    message,
    page: (kind, where, { epoch, messages }) => {
      const [first] = messages
      const from = first?.seq ?? 1
      // What does not stand in a row goes into lines of its own, where it is seen.
      const inRow = messages.findIndex(({ seq }, index) => seq !== from + index)
      const row = inRow === -1 ? messages : messages.slice(0, inRow)
      write({ ...where, kind, atMs: Date.now(), epoch, from, ids: row.map(({ messageId }) => messageId) })
      if (epoch !== null) for (const rest of messages.slice(row.length)) message(where, epoch, rest)
    },
    close: async () => {
      for (const key of [...open.keys()]) flush(key)
      stream.end()
      await once(stream, 'finish')
    },
  }
}

const keyOf = ({ client, roomId }: Where): string => `${client} ${roomId}`
