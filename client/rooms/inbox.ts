import type { ChatClientError } from '../api/errors.ts'
import type { Timers } from '../api/timing.ts'
import type { ChatMessage, Cursor, RoomPage, RoomReset } from '../api/types.ts'

type Deps = {
  readonly timers: Timers
  readonly onMessage: (epoch: string, message: ChatMessage) => void
  readonly onReset: (reset: RoomReset) => void
}

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
  /** Rejects `firstPage` if it is pending. */
  readonly fail: (error: ChatClientError) => void
}

/** Creates an inbox that waits for the first page. */
export const makeInbox = ({ timers, onMessage, onReset }: Deps): Inbox => {
  const firstPage = Promise.withResolvers<RoomPage>()
  // A promise reaches its caller later than an event reaches its listener; until then, messages wait here.
  let early: { readonly epoch: string; readonly message: ChatMessage }[] | undefined = []
  let begun = false
  let count = 0

  const open = () => {
    const waited = early ?? []
    early = undefined
    for (const { epoch, message } of waited) onMessage(epoch, message)
  }
  return {
    firstPage: firstPage.promise,
    hasBegun: () => begun,
    begin: (page, since) => {
      if (begun) {
        // The page replaces these messages as well.
        if (early !== undefined) early = []
        onReset({ ...page, recovered: false, since })
        return
      }
      begun = true
      firstPage.resolve(page)
      timers.after(0, open)
    },
    deliver: (epoch, messages) => {
      count += messages.length
      for (const message of messages) {
        if (early === undefined) onMessage(epoch, message)
        else early.push({ epoch, message })
      }
    },
    takeCount: () => {
      const counted = count
      count = 0
      return counted
    },
    fail: firstPage.reject,
  }
}
