import type { UnsentMessage } from '../client/api/types.ts'

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>

/** What a user had not sent when the page was left or loaded again: the tab remembers it, and it is sent once. */
export type KeptMessages = {
  /** The rooms of those that were not taken yet. */
  readonly rooms: () => readonly string[]
  /** Those of a room: the caller sends them. */
  readonly take: (roomId: string) => readonly UnsentMessage[]
  /** The room was refused, and with it what was taken: it waits for another time. */
  readonly giveBack: (roomId: string) => void
  /** Keeps these from now on, beside those that were not taken yet. */
  readonly keep: (unsent: readonly UnsentMessage[]) => void
  /** The user does not want them any more. */
  readonly clear: () => void
}

/** @param storage of the tab; undefined where the browser's settings forbid it: then nothing is kept */
export const makeKeptMessages = (storage: Storage | undefined, userId: string): KeptMessages => {
  const key = `simple-chat.unsent.${userId}`
  let waiting = read(storage?.getItem(key))
  const taken = new Map<string, readonly UnsentMessage[]>()
  return {
    rooms: () => [...new Set(waiting.map(({ roomId }) => roomId))],
    take: (roomId) => {
      const ofRoom = waiting.filter((message) => message.roomId === roomId)
      waiting = waiting.filter((message) => message.roomId !== roomId)
      if (ofRoom.length > 0) taken.set(roomId, ofRoom)
      return ofRoom
    },
    giveBack: (roomId) => {
      waiting = [...waiting, ...(taken.get(roomId) ?? [])]
      taken.delete(roomId)
    },
    keep: (unsent) => write(storage, key, [...waiting, ...unsent]),
    clear: () => {
      waiting = []
      write(storage, key, [])
    },
  }
}

/** Nobody but this page writes there, in the form of `UnsentMessage`. */
const read = (text: string | null | undefined): readonly UnsentMessage[] =>
  text === null || text === undefined ? [] : JSON.parse(text)

const write = (storage: Storage | undefined, key: string, messages: readonly UnsentMessage[]) => {
  try {
    if (messages.length === 0) storage?.removeItem(key)
    else storage?.setItem(key, JSON.stringify(messages))
  } catch (error) {
    // A full storage: the chat goes on, and the page asks before it is left.
    if (!(error instanceof DOMException)) throw error
  }
}
