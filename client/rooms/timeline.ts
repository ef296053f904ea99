import type { Head, HistoryFrame, JoinedFrame } from '../../protocol/server-frames.ts'
import type { ChatMessage, Cursor } from '../api/types.ts'
import { makeReorderBuffer, type ReorderBuffer } from './reorder-buffer.ts'

/** Result of messages that arrived. */
export type Arrival = {
  /** Messages to deliver now, ascending; none was delivered before. */
  readonly ready: readonly ChatMessage[]
  /** True if the timeline cannot follow the room and it must be joined again. */
  readonly rejoin: boolean
}

/** Result of a join. */
export type JoinArrival = Arrival & {
  /** True if messages are missing before `ready`, which then replaces everything delivered before. */
  readonly reset: boolean
  /** Cursor of the last message delivered before. */
  readonly since: Cursor
}

/** Puts the messages of one room, which may arrive in any order and repeatedly, into one order without gaps or repeats. */
export type RoomTimeline = {
  /** Returns the cursor of the last delivered message; all before it in this epoch were delivered. */
  readonly cursor: () => Cursor
  /** Returns the cursor of the last message that is known to exist, whether or not it has arrived. */
  readonly known: () => Cursor
  /** Tells whether a message is known to exist that was not delivered. */
  readonly isBehind: () => boolean
  /** Keeps pushes without delivering them until `joined`, because a join is in flight. */
  readonly hold: () => void
  /**
   * Prepares for a join in flight on a second connection. Pushes on the current one are delivered as before, and kept as
   * well, in case `joined` begins the room anew.
   */
  readonly overlap: () => void
  /** Ends `overlap` after a failed join. */
  readonly endOverlap: () => void
  /** Takes the reply to a join. */
  readonly joined: (frame: JoinedFrame) => JoinArrival
  /** Takes pushed messages. */
  readonly pushed: (epoch: string, messages: readonly ChatMessage[]) => Arrival
  /** Takes a page of history that was requested after `cursor()`. */
  readonly history: (frame: HistoryFrame) => Arrival
  /** Takes the room's head from a pong or an ack. Its `ready` is always empty. */
  readonly learn: (head: Head) => Arrival
}

type Options = {
  /** Maximum number of messages held back for a missing one; others are requested again later. Default: 1,000. */
  readonly maxHeld?: number
}

/** Creates the timeline of a room that was never joined. */
export const makeRoomTimeline = ({ maxHeld = 1000 }: Options = {}): RoomTimeline => {
  const room: Room = {
    epoch: null,
    begun: false,
    join: 'held',
    buffer: makeReorderBuffer(maxHeld),
    waiting: new Map(),
    maxWaiting: maxHeld,
    over: new Set(),
    suspects: new Set(),
    foreign: new Set(),
  }
  return {
    cursor: () => ({ epoch: room.epoch, seq: room.buffer.position() }),
    known: () => ({ epoch: room.epoch, seq: room.buffer.head() }),
    isBehind: () => room.buffer.head() > room.buffer.position(),
    hold: () => {
      room.join = 'held'
      room.suspects = new Set([...room.foreign, ...room.waiting.keys()])
    },
    overlap: () => {
      room.join = 'overlapping'
      room.suspects = new Set(room.foreign)
    },
    endOverlap: () => {
      if (room.join !== 'overlapping') return
      room.join = 'none'
      room.waiting.clear()
    },
    joined: (frame) => joined(room, frame),
    pushed: (epoch, messages) => pushed(room, epoch, messages),
    history: (frame) => history(room, frame),
    learn: (head) => learn(room, head),
  }
}

type Room = {
  epoch: string | null
  begun: boolean
  /** Kind of the join in flight, if any. */
  join: 'none' | 'held' | 'overlapping'
  readonly buffer: ReorderBuffer
  /** Pushes by epoch, kept while a join is in flight and the room's epoch is uncertain. */
  readonly waiting: Map<string, { head: number; readonly messages: ChatMessage[] }>
  readonly maxWaiting: number
  /** Epochs that have ended; their late pushes are ignored. */
  readonly over: Set<string>
  /** Epochs seen before the join was sent. Those that the join does not return are over. */
  suspects: ReadonlySet<string>
  /** Epochs seen that are neither the room's nor known to be over. */
  readonly foreign: Set<string>
}

const joined = (room: Room, frame: JoinedFrame): JoinArrival => {
  const { buffer, over, foreign } = room
  const since = { epoch: room.epoch, seq: buffer.position() }
  const follows = room.begun && frame.recovered && isSameEpoch(room, frame)
  if (!follows) begin(room, frame)
  room.epoch = follows ? (frame.epoch ?? room.epoch) : frame.epoch
  room.join = 'none'
  for (const suspect of room.suspects) if (suspect !== frame.epoch) over.add(suspect)
  foreign.clear()
  const ready = buffer.accept(frame.messages)
  buffer.raiseHead(frame.seq)
  ready.push(...takeWaiting(room))
  return { ready, rejoin: foreign.size > 0, reset: !follows, since }
}

/** Compares epochs. With overlapping joins, the first message of an empty room may be pushed before the join finds none. */
const isSameEpoch = (room: Room, { epoch }: JoinedFrame): boolean =>
  room.epoch === null || epoch === null || room.epoch === epoch

/** Discards the room's state: it begins anew with the page, or at the head if the page is empty. */
const begin = (room: Room, frame: JoinedFrame) => {
  if (room.epoch !== null && room.epoch !== frame.epoch) room.over.add(room.epoch)
  const [first] = frame.messages
  room.buffer.restart(first === undefined ? frame.seq : first.seq - 1)
  room.begun = true
}

const takeWaiting = (room: Room): ChatMessage[] => {
  const ready: ChatMessage[] = []
  for (const [epoch, { head, messages }] of room.waiting) {
    if (room.over.has(epoch)) continue
    room.epoch ??= epoch
    if (epoch === room.epoch) {
      ready.push(...room.buffer.accept(messages))
      room.buffer.raiseHead(head)
    } else room.foreign.add(epoch)
  }
  room.waiting.clear()
  return ready
}

const pushed = (room: Room, epoch: string, messages: readonly ChatMessage[]): Arrival => {
  if (room.join !== 'none') keep(room, epoch, messages)
  if (room.join === 'held') return nothing(false)
  if (room.over.has(epoch)) return nothing(false)
  room.epoch ??= epoch
  if (epoch === room.epoch) return { ready: room.buffer.accept(messages), rejoin: false }
  room.foreign.add(epoch)
  return nothing(true)
}

const keep = (room: Room, epoch: string, messages: readonly ChatMessage[]) => {
  const kept = room.waiting.get(epoch) ?? { head: 0, messages: [] }
  room.waiting.set(epoch, kept)
  for (const message of messages) {
    kept.head = Math.max(kept.head, message.seq)
    if (kept.messages.length < room.maxWaiting) kept.messages.push(message)
  }
}

const history = (room: Room, frame: HistoryFrame): Arrival => {
  if (room.join === 'held') return nothing(false)
  const next = room.buffer.position() + 1
  if (frame.epoch !== room.epoch || frame.floor > next) return nothing(true)
  const ready = room.buffer.accept(frame.messages)
  // Counts from the page's end, because the position may be beyond it through earlier arrivals.
  const last = frame.messages.at(-1)
  if (frame.more && last !== undefined) room.buffer.raiseHead(last.seq + 1)
  return { ready, rejoin: false }
}

const learn = (room: Room, head: Head): Arrival => {
  if (room.join === 'held') return nothing(false)
  room.epoch ??= head.epoch
  if (head.epoch !== room.epoch) return nothing(head.epoch === null || !room.over.has(head.epoch))
  room.buffer.raiseHead(head.seq)
  return nothing(false)
}

const nothing = (rejoin: boolean): Arrival => ({ ready: [], rejoin })
