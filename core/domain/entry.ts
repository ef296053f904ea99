import type { Cursor } from '../../protocol/client-frames.ts'
import type { ChatMessage } from '../../protocol/server-frames.ts'

export type Sender = { readonly userId: string; readonly name?: string }

/** A message in the room's log. Times inside are ms since 1970; on the wire they are ISO 8601. */
export type Entry = {
  /** Its place in the room, contiguous from 1 within an epoch. */
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
  /** What the sender knew of the room when it first tried. Untrusted: nothing is derived from it that was not read. */
  readonly since?: Cursor
  readonly sender: Sender
  readonly content: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly sentAtMs: number
}

export type Appended = {
  readonly epoch: string
  /** The entry in the log: for a duplicate the one that was stored first, with its messageId and time. */
  readonly entry: Entry
  readonly duplicate: boolean
}

export const messageOf = ({ sentAtMs, ...entry }: Entry): ChatMessage => ({
  ...entry,
  sender: { ...entry.sender },
  sentAt: new Date(sentAtMs).toISOString(),
})

/** The entry that a draft becomes at its place, with nothing else that the draft may hold. */
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
