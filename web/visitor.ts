/** Initial values of the start form. */
export type Visitor = { readonly user: string; readonly room: string }

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>

const keys = { user: 'simple-chat.user', room: 'simple-chat.room' } as const

/** Reads the values from the address (`?user=…&room=…`), from the last visit, or by default: room `general`. */
export const readVisitor = (search: string, storage: Storage | undefined): Visitor => {
  const query = new URLSearchParams(search)
  return {
    user: query.get('user') ?? storage?.getItem(keys.user) ?? '',
    room: query.get('room') ?? storage?.getItem(keys.room) ?? 'general',
  }
}

export const rememberVisitor = ({ user, room }: Visitor, storage: Storage | undefined): void => {
  storage?.setItem(keys.user, user)
  storage?.setItem(keys.room, room)
}

/** Returns a storage of the browser, for all tabs or for this one; undefined if its settings forbid it. */
export const storageOf = (kind: 'localStorage' | 'sessionStorage'): globalThis.Storage | undefined => {
  try {
    return window[kind]
  } catch (error) {
    // Without storage, the page works but forgets.
    if (error instanceof DOMException) return undefined
    throw error
  }
}
