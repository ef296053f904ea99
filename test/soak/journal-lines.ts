import type { Cursor } from '../../protocol/client-frames.ts'

// What a crowd writes down of what happens to its clients: one JSON object a line. Messages go by their ids, and
// what stands in a row is one line.

/** Messages that follow on each other: `ids[0]` is at `from`. */
export type Stretch = {
  readonly epoch: string | null
  readonly from: number
  readonly ids: readonly string[]
}

type InRoom = { readonly client: string; readonly roomId: string }

/** When something was asked for and answered, in ms since 1970 by the machine's clock. */
export type Span = { readonly askedAtMs: number; readonly answeredAtMs: number }

/** The SDK handed over a first page, or one in the place of all earlier messages. */
export type PageLine = InRoom & Stretch & { readonly kind: 'page' | 'reset'; readonly atMs: number }
/** The SDK handed over messages, one by one. */
export type MessagesLine = InRoom & Stretch & { readonly kind: 'messages' }
/** The client left the room of its own will, or was put out of it. */
export type LeftLine = InRoom & {
  readonly kind: 'left'
  readonly atMs: number
  /** Why, if it had not asked. */
  readonly code?: string
}
export type AckedLine = InRoom & {
  readonly kind: 'acked'
  readonly atMs: number
  readonly clientMessageId: string
  readonly epoch: string
  readonly seq: number
  readonly messageId: string
}
/** A send was settled with an error: the message may be stored or not. */
export type RefusedLine = InRoom & {
  readonly kind: 'refused'
  readonly clientMessageId: string
  readonly code: string
}
/** A send was not settled by the end. */
export type UnsettledLine = InRoom & { readonly kind: 'unsettled'; readonly clientMessageId: string }
/** A client came back to a room with `since`, over the protocol itself. */
export type ReturnedLine = InRoom &
  Span &
  Stretch & {
    readonly kind: 'returned'
    readonly since: Cursor
    readonly recovered: boolean
    /** Head and floor as `joined` told them. */
    readonly seq: number
    readonly floor: number
  }
/** A client paged back through all of a room. */
export type PagedLine = InRoom &
  Span &
  Stretch & {
    readonly kind: 'paged'
    /** As the last page told it. */
    readonly floor: number
  }
/** Something that must never be. */
export type WrongLine = InRoom & { readonly kind: 'wrong'; readonly what: string }
/** A room was complete again after a connection was lost. */
export type RecoveredLine = InRoom & { readonly kind: 'recovered'; readonly missed: number }

export type JournalLine =
  | PageLine
  | MessagesLine
  | LeftLine
  | AckedLine
  | RefusedLine
  | UnsettledLine
  | ReturnedLine
  | PagedLine
  | WrongLine
  | RecoveredLine
