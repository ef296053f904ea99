import type { Cursor } from '../core/protocol/client-frames.ts'
import type { ChatMessage, Head, HistoryFrame, JoinedFrame } from '../core/protocol/server-frames.ts'
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
    joining: true,
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
      room.joining = true
      room.suspects = new Set([...room.foreign, ...room.waiting.keys()])
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
  joining: boolean
  readonly buffer: ReorderBuffer
  /** While a join is under way the epoch is not known for sure, so pushes wait here by theirs. */
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
  const follows = room.begun && frame.recovered && (room.epoch === null || room.epoch === frame.epoch)
  if (!follows) begin(room, frame)
  room.epoch = frame.epoch
  room.joining = false
  for (const suspect of room.suspects) if (suspect !== frame.epoch) over.add(suspect)
  foreign.clear()
  const ready = buffer.accept(frame.messages)
  buffer.raiseHead(frame.seq)
  ready.push(...takeWaiting(room))
  return { ready, rejoin: foreign.size > 0, reset: !follows }
}

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
  if (room.joining) return keepWaiting(room, epoch, messages)
  if (room.over.has(epoch)) return nothing(false)
  room.epoch ??= epoch
  if (epoch === room.epoch) return { ready: room.buffer.accept(messages), rejoin: false }
  room.foreign.add(epoch)
  return nothing(true)
}

const keepWaiting = (room: Room, epoch: string, messages: readonly ChatMessage[]): Arrival => {
  const kept = room.waiting.get(epoch) ?? { head: 0, messages: [] }
  room.waiting.set(epoch, kept)
  for (const message of messages) {
    kept.head = Math.max(kept.head, message.seq)
    if (kept.messages.length < room.maxWaiting) kept.messages.push(message)
  }
  return nothing(false)
}

const history = (room: Room, frame: HistoryFrame): Arrival => {
  if (room.joining) return nothing(false)
  const next = room.buffer.position() + 1
  if (frame.epoch !== room.epoch || frame.floor > next) return nothing(true)
  const ready = room.buffer.accept(frame.messages)
  // Of the page's end, not of the position: that may be beyond it, over what arrived earlier.
  const last = frame.messages.at(-1)
  if (frame.more && last !== undefined) room.buffer.raiseHead(last.seq + 1)
  return { ready, rejoin: false }
}

const learn = (room: Room, head: Head): Arrival => {
  if (room.joining) return nothing(false)
  room.epoch ??= head.epoch
  if (head.epoch !== room.epoch) return nothing(head.epoch === null || !room.over.has(head.epoch))
  room.buffer.raiseHead(head.seq)
  return nothing(false)
}

const nothing = (rejoin: boolean): Arrival => ({ ready: [], rejoin })
