import type { ChatClientError } from '../api/errors.ts'
import type { Timers } from '../api/timing.ts'
import type { ChatMessage, Cursor, RoomPage, RoomReset } from '../api/types.ts'

type Deps = {
  readonly roomId: string
  readonly timers: Timers
  readonly onMessage: (event: MessageEvent) => void
  readonly onReset: (reset: RoomReset) => void
}

/** A message for the application. */
export type MessageEvent = { readonly roomId: string; readonly epoch: string; readonly message: ChatMessage }

/** Delivers a room's pages and messages to the application. */
export type Inbox = {
  /** Resolves with the first page. */
  readonly firstPage: Promise<RoomPage>
  /** Delivers a page: the first resolves `firstPage`, a later one replaces everything delivered up to `since`. */
  readonly begin: (page: RoomPage, since: Cursor) => void
  /** Tells whether the first page was delivered. */
  readonly hasBegun: () => boolean
  /** Delivers messages that follow the last page or message. */
  readonly deliver: (epoch: string, messages: readonly ChatMessage[]) => void
  /** Returns the number of messages delivered since the previous call. */
  readonly takeCount: () => number
  /** Delivers nothing from now on, even within a batch, and rejects `firstPage` if it is pending. */
  readonly close: (error: ChatClientError) => void
}

/** Creates an inbox that waits for the first page. */
export const makeInbox = ({ roomId, timers, onMessage, onReset }: Deps): Inbox => {
  const firstPage = Promise.withResolvers<RoomPage>()
  // A promise reaches its caller later than an event reaches its listener; until then, messages wait here.
  let early: MessageEvent[] | undefined = []
  let begun = false
  let closed = false
  let count = 0

  // A listener may leave the room, which closes this inbox.
  const emit = (event: MessageEvent) => {
    if (!closed) onMessage(event)
  }

  const open = () => {
    const waited = early ?? []
    early = undefined
    for (const event of waited) emit(event)
  }
  return {
    firstPage: firstPage.promise,
    hasBegun: () => begun,
    begin: (page, since) => {
      if (begun) {
        // The page replaces these messages as well.
        if (early !== undefined) early = []
        if (!closed) onReset({ ...page, recovered: false, since })
        return
      }
      begun = true
      firstPage.resolve(page)
      timers.after(0, open)
    },
    deliver: (epoch, messages) => {
      count += messages.length
      for (const message of messages) {
        if (early === undefined) emit({ roomId, epoch, message })
        else early.push({ roomId, epoch, message })
      }
    },
    takeCount: () => {
      const counted = count
      count = 0
      return counted
    },
    close: (error) => {
      closed = true
      firstPage.reject(error)
    },
  }
}
