import type { ChatMessage } from '../client/api/types.ts'
import { type Delivery, type MessageRow, makeMessageRow, type Shown } from './message-row.ts'

export type Draft = { readonly clientMessageId: string; readonly content: string }

/** Shows the messages of a room in order and, below them, unsent ones. */
export type MessageList = {
  /** Replaces all messages of the room. */
  readonly reset: (messages: readonly ChatMessage[]) => void
  readonly prepend: (messages: readonly ChatMessage[]) => void
  readonly append: (message: ChatMessage) => void
  /** Adds an unsent message. @returns a handle that shows its progress */
  readonly add: (draft: Draft) => (delivery: Delivery) => void
  readonly discard: (clientMessageId: string) => void
  /** Returns the lowest shown seq. */
  readonly firstSeq: () => number | undefined
  readonly isEmpty: () => boolean
}

type Deps = { readonly list: HTMLOListElement; readonly userId: () => string | undefined }

export const makeMessageList = ({ list, userId }: Deps): MessageList => {
  let placed: MessageRow[] = []
  const onTheirWay = new Map<string, MessageRow>()

  const isOwn = ({ sender }: ChatMessage) => sender.userId === userId()
  /** Returns the row of a message: that of the unsent message if it was written here. */
  const rowOf = (message: ChatMessage): MessageRow => {
    const sent = isOwn(message) ? onTheirWay.get(message.clientMessageId ?? '') : undefined
    const row = sent ?? makeMessageRow(message, isOwn(message))
    if (sent !== undefined) onTheirWay.delete(message.clientMessageId ?? '')
    row.confirm(message)
    row.mark({ state: 'sent' })
    return row
  }
  /** Updates groups of unsent rows, which follow the room's last message. */
  const regroupTail = () => {
    let previous = placed.at(-1)?.shown()
    for (const row of onTheirWay.values()) {
      row.follow(previous)
      previous = row.shown()
    }
  }
  const place = (messages: readonly ChatMessage[]): MessageRow[] => {
    const rows = messages.map(rowOf)
    for (const [index, row] of rows.entries()) row.follow(rows[index - 1]?.shown())
    return rows
  }
  const firstOnItsWay = () => onTheirWay.values().next().value?.row ?? null

  return {
    reset: (messages) => {
      placed = place(messages)
      list.replaceChildren(...placed.map(({ row }) => row), ...[...onTheirWay.values()].map(({ row }) => row))
      regroupTail()
    },
    prepend: (messages) => {
      const rows = place(messages)
      list.prepend(...rows.map(({ row }) => row))
      placed[0]?.follow(rows.at(-1)?.shown())
      placed = [...rows, ...placed]
    },
    append: (message) => {
      const row = rowOf(message)
      row.follow(placed.at(-1)?.shown())
      placed.push(row)
      list.insertBefore(row.row, firstOnItsWay())
      regroupTail()
    },
    add: ({ clientMessageId, content }) => {
      const shown: Shown = { sender: { userId: userId() ?? '' }, content, sentAt: new Date().toISOString() }
      const row = onTheirWay.get(clientMessageId) ?? makeMessageRow(shown, true)
      onTheirWay.set(clientMessageId, row)
      row.mark({ state: 'pending' })
      list.append(row.row)
      regroupTail()
      return (delivery) => {
        // Once the room has the message, later reports are obsolete.
        if (onTheirWay.get(clientMessageId) === row) row.mark(delivery)
      }
    },
    discard: (clientMessageId) => {
      onTheirWay.get(clientMessageId)?.row.remove()
      onTheirWay.delete(clientMessageId)
      regroupTail()
    },
    firstSeq: () => placed[0]?.shown().seq,
    isEmpty: () => placed.length === 0 && onTheirWay.size === 0,
  }
}
