import type { Limits } from '../../protocol/limits.ts'
import type { Head } from '../../protocol/server-frames.ts'
import type { ChatClientError } from '../api/errors.ts'
import type { Backoff, Timers, Timings } from '../api/timing.ts'
import type { ChatMessage, Cursor, RoomPage, RoomReset, Sent, UnsentMessage } from '../api/types.ts'
import type { Calls } from '../connection/calls.ts'
import type { Recent } from '../primitives/recent.ts'
import { type MessageEvent, makeInbox } from './inbox.ts'
import { makeOutbox } from './outbox.ts'
import type { Draft, EarlierTry } from './outgoing.ts'
import type { JoinCalls } from './rollover-join.ts'
import { makeRoomSync } from './sync.ts'
import { makeRoomTimeline } from './timeline.ts'

/** Dependencies of `makeRoom`. */
export type RoomDeps = {
  readonly roomId: string
  /** Maximum number of messages in the first page, within the server's limit; undefined means the server's default. */
  readonly limit: number | undefined
  readonly calls: Calls
  readonly timers: Timers
  readonly timings: Timings
  readonly backoff: Backoff
  /** Returns the client's user id, once the server has said hello. */
  readonly userId: () => string | undefined
  /** Returns the limits of the last hello. */
  readonly limits: () => Limits
  /** Earlier tries of messages in all rooms. */
  readonly earlierTries: Recent<EarlierTry>
  readonly on: {
    readonly message: (event: MessageEvent) => void
    /** A gap cannot be filled: the page replaces everything that was known of the room. */
    readonly reset: (reset: RoomReset) => void
    /** The room is joined on the current connection and up to date; `missed` messages were caught up with. */
    readonly live: (missed: number) => void
    /** The second connection of a rollover has joined the room. */
    readonly joinedForRollover: () => void
    /**
     * Something new was heard of the room, by any way: after one loss, another may follow. A push without new messages
     * does not count, because a lane that has fallen behind pushes old ones only.
     */
    readonly activity: () => void
    /** The list of unsent messages has changed. */
    readonly unsent: () => void
    /** The client is no longer in the room. */
    readonly lost: (error: ChatClientError) => void
  }
}

/** A room as the client sees it, across all its connections. */
export type Room = {
  /** Resolves with the first page. @throws ChatClientError if the room cannot be joined */
  readonly firstPage: Promise<RoomPage>
  /** Returns the epoch of the room's messages; null while it has none. */
  readonly epoch: () => string | null
  /** Tells whether the first page was delivered. */
  readonly hasBegun: () => boolean
  /** Joins on a new connection and catches up. */
  readonly resume: () => void
  /** Pauses until `resume`, because the connection was lost. */
  readonly suspend: () => void
  /** Joins on the second connection of a rollover as well; the current one stays in use. */
  readonly beginRollover: (calls: JoinCalls) => void
  /** Forgets the second connection, which was lost before it became the current one. */
  readonly cancelRollover: () => void
  /** Takes messages that the server pushed. */
  readonly pushed: (epoch: string, messages: readonly ChatMessage[]) => void
  /** Takes the room's head from the server; null means that this connection is not a member. */
  readonly learnHead: (head: Head | null) => void
  readonly send: (draft: Draft) => Promise<Sent>
  readonly unsent: () => readonly UnsentMessage[]
  /** Leaves the room permanently; pending promises reject with `reason`. */
  readonly close: (reason: ChatClientError) => void
  /** Resolves when no join is in flight. */
  readonly settled: () => Promise<void>
}

/** Creates a room that joins on `resume`. */
export const makeRoom = (deps: RoomDeps): Room => {
  const { roomId, timers, on } = deps
  const timeline = makeRoomTimeline()
  const inbox = makeInbox({ roomId, timers, onMessage: on.message, onReset: on.reset })

  const deliver = (messages: readonly ChatMessage[]) => {
    const { epoch } = timeline.cursor()
    if (epoch === null || messages.length === 0) return
    on.activity()
    outbox.recognise(epoch, messages)
    inbox.deliver(epoch, messages)
  }
  const showPage = (page: RoomPage, since: Cursor) => {
    if (page.epoch !== null) outbox.recognise(page.epoch, page.messages)
    inbox.begin(page, since)
  }
  const close = (reason: ChatClientError) => {
    sync.close(reason)
    outbox.stop()
    outbox.failAll(reason)
    inbox.close(reason)
  }
  const sync = makeRoomSync({
    ...deps,
    timeline,
    on: {
      page: ({ floor, more }, { ready, reset, since }) => {
        if (reset) showPage({ roomId, epoch: timeline.cursor().epoch, messages: ready, floor, more }, since)
        else deliver(ready)
        on.activity()
      },
      filled: ({ ready }) => deliver(ready),
      joined: () => outbox.start(),
      joinedForRollover: on.joinedForRollover,
      live: () => on.live(inbox.takeCount()),
      lost: (error) => {
        close(error)
        if (inbox.hasBegun()) on.lost(error)
      },
    },
  })
  const outbox = makeOutbox({
    ...deps,
    known: timeline.known,
    resets: sync.resets,
    refresh: sync.refresh,
    learnHead: sync.learnHead,
  })
  return {
    firstPage: inbox.firstPage,
    epoch: () => timeline.cursor().epoch,
    hasBegun: inbox.hasBegun,
    resume: sync.resume,
    suspend: () => {
      inbox.takeCount()
      sync.suspend()
      outbox.stop()
    },
    beginRollover: sync.beginRollover,
    cancelRollover: sync.cancelRollover,
    pushed: (epoch, messages) => {
      const { ready, rejoin } = timeline.pushed(epoch, messages)
      deliver(ready)
      sync.catchUp(rejoin)
      outbox.hurry()
    },
    learnHead: sync.learnHead,
    send: outbox.send,
    unsent: outbox.unsent,
    close,
    settled: sync.settled,
  }
}
