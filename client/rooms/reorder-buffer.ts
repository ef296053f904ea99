import type { ChatMessage } from '../api/types.ts'

/** Puts the messages of one epoch into the order of `seq`. Each is released once, after all before it. */
export type ReorderBuffer = {
  /** Returns the seq of the last released message. */
  readonly position: () => number
  /** Returns the highest seq that is known to exist, whether or not the message has arrived. */
  readonly head: () => number
  /** Takes messages and returns those that can be released now. */
  readonly accept: (messages: readonly ChatMessage[]) => ChatMessage[]
  /** Records that this seq exists. */
  readonly raiseHead: (seq: number) => void
  /** Forgets everything; the next message to release is `position` + 1. */
  readonly restart: (position: number) => void
}

/** Creates an empty buffer. @param maxHeld maximum number of messages held back; others must arrive again */
export const makeReorderBuffer = (maxHeld: number): ReorderBuffer => {
  const held = new Map<number, ChatMessage>()
  let position = 0
  let head = 0

  const keep = (message: ChatMessage) => {
    head = Math.max(head, message.seq)
    const isNext = message.seq === position + 1
    if (isNext || (message.seq > position && held.size < maxHeld)) held.set(message.seq, message)
  }
  const drain = (): ChatMessage[] => {
    const ready: ChatMessage[] = []
    for (let next = held.get(position + 1); next !== undefined; next = held.get(position + 1)) {
      held.delete(next.seq)
      position = next.seq
      ready.push(next)
    }
    return ready
  }

  return {
    position: () => position,
    head: () => head,
    // One by one, so that messages that can be released do not count towards `maxHeld`.
    accept: (messages) =>
      messages.flatMap((message) => {
        keep(message)
        return drain()
      }),
    raiseHead: (seq) => {
      head = Math.max(head, seq)
    },
    restart: (seq) => {
      held.clear()
      position = seq
      head = seq
    },
  }
}
