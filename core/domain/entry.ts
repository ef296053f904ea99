import type { Cursor } from '../../protocol/client-frames.ts'
import type { ChatMessage } from '../../protocol/server-frames.ts'

/** User who sent a message, from the token. */
export type Sender = { readonly userId: string; readonly name?: string }

/** A message in a room's log. Times are in ms since 1970; on the wire they are ISO 8601. */
export type Entry = {
  /** Place in the room, contiguous from 1 within an epoch. */
  readonly seq: number
  readonly kind: 'text'
  readonly messageId: string
  readonly clientMessageId?: string
  readonly sender: Sender
  readonly content: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly sentAtMs: number
}

/** A message that is not yet in the log. */
export type Draft = {
  readonly roomId: string
  readonly kind: 'text'
  readonly messageId: string
  readonly clientMessageId?: string
  /** Cursor that the sender knew at its first try. Untrusted: it only bounds a search. */
  readonly since?: Cursor
  readonly sender: Sender
  readonly content: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly sentAtMs: number
}

/** Result of an append. */
export type Appended = {
  readonly epoch: string
  /** Entry in the log; for a duplicate the one that was stored first, with its messageId and time. */
  readonly entry: Entry
  readonly duplicate: boolean
}

/** Converts an entry to its form on the wire. */
export const messageOf = ({ sentAtMs, ...entry }: Entry): ChatMessage => ({
  ...entry,
  sender: { ...entry.sender },
  sentAt: new Date(sentAtMs).toISOString(),
})

/** Converts a draft to an entry at a place, without the draft's other fields. */
export const entryOf = (
  { kind, messageId, clientMessageId, sender, content, attributes, sentAtMs }: Omit<Entry, 'seq'>,
  seq: number,
): Entry => ({
  seq,
  kind,
  messageId,
  ...(clientMessageId !== undefined && { clientMessageId }),
  sender,
  content,
  ...(attributes !== undefined && { attributes }),
  sentAtMs,
})
