import type { UnsentMessage } from '../client/api/types.ts'

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>

/** Unsent messages of a user across a reload: the tab keeps them, and each is sent once. */
export type KeptMessages = {
  /** Lists the rooms of messages that were not taken yet. */
  readonly rooms: () => readonly string[]
  /** Takes the messages of a room; the caller sends them. */
  readonly take: (roomId: string) => readonly UnsentMessage[]
  /** Returns taken messages, because their room was refused. */
  readonly giveBack: (roomId: string) => void
  /** Keeps these messages, in addition to those that were not taken yet. */
  readonly keep: (unsent: readonly UnsentMessage[]) => void
  /** Drops all messages, because the user gave them up. */
  readonly clear: () => void
}

/** Creates the store. @param storage that of the tab; undefined if the browser forbids it, so that nothing is kept */
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

/** Reads kept messages, which only this page writes, as `UnsentMessage`. */
const read = (text: string | null | undefined): readonly UnsentMessage[] =>
  text === null || text === undefined ? [] : JSON.parse(text)

const write = (storage: Storage | undefined, key: string, messages: readonly UnsentMessage[]) => {
  try {
    if (messages.length === 0) storage?.removeItem(key)
    else storage?.setItem(key, JSON.stringify(messages))
  } catch (error) {
    // The storage is full: the chat continues, and the page asks before the user leaves.
    if (!(error instanceof DOMException)) throw error
  }
}
