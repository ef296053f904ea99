import type { ChatClientError } from '../api/errors.ts'
import type { Timers } from '../api/timing.ts'
import type { ChatMessage, Cursor, RoomPage, RoomReset } from '../api/types.ts'

type Deps = {
  readonly timers: Timers
  readonly onMessage: (epoch: string, message: ChatMessage) => void
  readonly onReset: (reset: RoomReset) => void
}

/** Hands a room's pages and messages to the application. */
export type Inbox = {
  readonly firstPage: Promise<RoomPage>
  /** The first page resolves `firstPage`; another one takes the place of all that was handed over, up to `since`. */
  readonly begin: (page: RoomPage, since: Cursor) => void
  readonly hasBegun: () => boolean
  readonly deliver: (epoch: string, messages: readonly ChatMessage[]) => void
  /** How many messages were delivered since this was last asked. */
  readonly takeCount: () => number
  /** There will be no first page. */
  readonly fail: (error: ChatClientError) => void
}

export const makeInbox = ({ timers, onMessage, onReset }: Deps): Inbox => {
  const firstPage = Promise.withResolvers<RoomPage>()
  // A promise reaches its caller later than an event its listener: until then, messages after the page wait here.
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
        // The page takes the place of these as well.
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
