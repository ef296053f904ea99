import type { Head, HistoryFrame, JoinedFrame } from '../../protocol/server-frames.ts'
import type { ChatMessage, Cursor } from '../api/types.ts'
import { makeReorderBuffer, type ReorderBuffer } from './reorder-buffer.ts'

/** What became of messages that arrived. */
export type Arrival = {
  /** Messages whose turn it is, ascending; none of them was given out before. */
  readonly ready: readonly ChatMessage[]
  /** The room has moved to where this timeline cannot follow: join again. */
  readonly rejoin: boolean
}

export type JoinArrival = Arrival & {
  /** There is a gap between what was given out before and `ready`: show `ready` in the place of it all. */
  readonly reset: boolean
  /** The last message that was given out before. */
  readonly since: Cursor
}

/** Puts what arrives of one room, in whatever order and however often, into one order without hole or repeat. */
export type RoomTimeline = {
  /** The last message that was given out: everything up to it was, in this epoch. */
  readonly cursor: () => Cursor
  /** The last message that is known to exist, whether or not it has arrived. */
  readonly known: () => Cursor
  /** Whether something is known to exist that has not arrived. */
  readonly isBehind: () => boolean
  /** A join is being asked for: until `joined`, pushes are kept and nothing is given out. */
  readonly hold: () => void
  /**
   * A join is being asked for on a second connection, while the first one brings what it has brought before: it is
   * given out, and kept as well, in case that the room begins anew with what `joined` finds.
   */
  readonly overlap: () => void
  /** That join on a second connection came to nothing. */
  readonly endOverlap: () => void
  readonly joined: (frame: JoinedFrame) => JoinArrival
  readonly pushed: (epoch: string, messages: readonly ChatMessage[]) => Arrival
  /** A page that was asked for after `cursor()`. */
  readonly history: (frame: HistoryFrame) => Arrival
  /** The room's head, as a pong or an ack tells it. */
  readonly learn: (head: Head) => Arrival
}

type Options = {
  /** Most messages kept while an earlier one is missing; those beyond are asked for again in their turn. */
  readonly maxHeld?: number
}

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
  /** The join that is under way. */
  join: 'none' | 'held' | 'overlapping'
  readonly buffer: ReorderBuffer
  /** While a join is under way the epoch is not known for sure, so pushes are kept here by theirs. */
  readonly waiting: Map<string, { head: number; readonly messages: ChatMessage[] }>
  readonly maxWaiting: number
  /** Epochs that have ended: their late pushes are of no interest. */
  readonly over: Set<string>
  /** Epochs seen before the join was sent: those that the join does not find are over. */
  suspects: ReadonlySet<string>
  /** Epochs seen that are neither the room's nor over, as far as is known. */
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

/** While joins overlap, the first message of an empty room may be pushed sooner than the join finds none. */
const isSameEpoch = (room: Room, { epoch }: JoinedFrame): boolean =>
  room.epoch === null || epoch === null || room.epoch === epoch

/** Gives up what was known of the room: it begins anew where the page does, or at the end where there is none. */
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
  // Of the page's end, not of the position: that may be beyond it, over what arrived earlier.
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
