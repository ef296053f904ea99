import type { ChatMessage } from '../api/types.ts'

/** Puts the messages of one epoch into the order of their seq: each is given out once, when all before it were. */
export type ReorderBuffer = {
  /** seq of the last message given out. */
  readonly position: () => number
  /** Highest seq that is known to exist, whether or not it has arrived. */
  readonly head: () => number
  /** Takes what arrived and gives out what is in turn. */
  readonly accept: (messages: readonly ChatMessage[]) => ChatMessage[]
  /** That seq is known to exist. */
  readonly raiseHead: (seq: number) => void
  /** Forgets everything; the next message in turn is `position` + 1. */
  readonly restart: (position: number) => void
}

/** @param maxHeld most messages kept while an earlier one is missing; those beyond have to arrive once more */
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
    // One by one, so that messages in turn take up no room among those that are held.
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
