import type { Limits } from '../../protocol/limits.ts'
import type { Head } from '../../protocol/server-frames.ts'
import type { ChatClientError } from '../api/errors.ts'
import type { Backoff, Timers, Timings } from '../api/timing.ts'
import type { ChatMessage, Cursor, RoomPage, RoomReset, Sent, UnsentMessage } from '../api/types.ts'
import type { Calls } from '../connection/calls.ts'
import type { Recent } from '../primitives/recent.ts'
import { makeInbox } from './inbox.ts'
import { makeOutbox } from './outbox.ts'
import type { Draft, EarlierTry } from './outgoing.ts'
import type { JoinCalls } from './rollover-join.ts'
import { makeRoomSync, type RoomSync } from './sync.ts'
import { makeRoomTimeline } from './timeline.ts'

export type RoomDeps = {
  readonly roomId: string
  /** Most messages in the first page, within the server's limit; the server's own number if undefined. */
  readonly limit: number | undefined
  readonly calls: Calls
  readonly timers: Timers
  readonly timings: Timings
  readonly backoff: Backoff
  /** The user that this client speaks for, once the server has said so. */
  readonly userId: () => string | undefined
  /** As the last hello told them. */
  readonly limits: () => Limits
  /** What is known of messages of any room that failed. */
  readonly earlierTries: Recent<EarlierTry>
  readonly on: {
    readonly message: (epoch: string, message: ChatMessage) => void
    /** There is a gap that cannot be filled: the page takes the place of all that was known. */
    readonly reset: (reset: RoomReset) => void
    /** Joined on the present connection and up to date; `missed` messages were caught up with. */
    readonly live: (missed: number) => void
    /** Joined on the connection that is to take the place of the present one. */
    readonly moved: () => void
    /** Something new was heard of the room. */
    readonly activity: () => void
    /** What is unsent is another list now. */
    readonly unsent: () => void
    /** This client is not in the room any more. */
    readonly lost: (error: ChatClientError) => void
  }
}

/** A room as this client sees it, whatever happens to its connections. */
export type Room = {
  /** @throws ChatClientError the room cannot be joined */
  readonly firstPage: Promise<RoomPage>
  /** The epoch that its messages belong to; null while it has none. */
  readonly epoch: () => string | null
  /** Whether the first page was handed over. */
  readonly hasBegun: () => boolean
  /** There is a connection: joins on it, and catches up. */
  readonly resume: () => void
  /** The connection is gone. */
  readonly suspend: () => void
  /** Another connection is to take the place of the present one, which goes on: joins on it as well. */
  readonly move: (calls: JoinCalls) => void
  /** It will not. */
  readonly stay: () => void
  readonly pushed: (epoch: string, messages: readonly ChatMessage[]) => void
  /** What the server says the last message is; null: this connection is not a member. */
  readonly learn: (head: Head | null) => void
  readonly send: (draft: Draft) => Promise<Sent>
  readonly unsent: () => readonly UnsentMessage[]
  /** Is done with the room: whatever is waiting is rejected. */
  readonly close: (reason: ChatClientError) => void
  /** Resolves when no join is under way. */
  readonly settled: () => Promise<void>
}

export const makeRoom = (deps: RoomDeps): Room => {
  const { roomId, timers, on } = deps
  const timeline = makeRoomTimeline()
  const inbox = makeInbox({ timers, onMessage: on.message, onReset: on.reset })

  const take = (messages: readonly ChatMessage[]) => {
    const { epoch } = timeline.cursor()
    if (epoch === null || messages.length === 0) return
    // However they came: after one loss there may soon be another.
    on.activity()
    outbox.recognise(epoch, messages)
    inbox.deliver(epoch, messages)
  }
  const begin = (page: RoomPage, since: Cursor) => {
    if (page.epoch !== null) outbox.recognise(page.epoch, page.messages)
    inbox.begin(page, since)
  }
  const close = (reason: ChatClientError) => {
    sync.close(reason)
    outbox.stop()
    outbox.failAll(reason)
    inbox.fail(reason)
  }
  const sync = makeRoomSync({
    ...deps,
    timeline,
    on: {
      arrival: ({ ready }) => take(ready),
      page: ({ floor, more }, { ready, reset, since }) => {
        if (reset) begin({ roomId, epoch: timeline.cursor().epoch, messages: ready, floor, more }, since)
        else take(ready)
        on.activity()
      },
      joined: () => outbox.start(),
      moved: on.moved,
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
    calls: learning(deps.calls, sync),
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
    move: sync.move,
    stay: sync.stay,
    pushed: (epoch, messages) => {
      // No activity in itself: a lane that has much to catch up with pushes what came long ago, and nothing new.
      sync.apply(timeline.pushed(epoch, messages))
      outbox.hurry()
    },
    learn: sync.learn,
    send: outbox.send,
    unsent: outbox.unsent,
    close,
    settled: sync.settled,
  }
}

/** An ack tells the head as well: if the push of that message is lost, it is missed all the same. */
const learning = (calls: Pick<Calls, 'sendMessage'>, { learn }: RoomSync): Pick<Calls, 'sendMessage'> => ({
  sendMessage: async (fields) => {
    const ack = await calls.sendMessage(fields)
    learn(ack)
    return ack
  },
})
