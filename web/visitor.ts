/** What the start form is filled in with. */
export type Visitor = { readonly user: string; readonly room: string }

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>

const keys = { user: 'simple-chat.user', room: 'simple-chat.room' } as const

/** From the address (`?user=…&room=…`), else as remembered from the last visit, else room `general`. */
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

/** The browser's storage, for all tabs and visits or for this tab; undefined where its settings forbid it. */
export const storageOf = (kind: 'localStorage' | 'sessionStorage'): globalThis.Storage | undefined => {
  try {
    return window[kind]
  } catch (error) {
    // A page without storage works, and forgets.
    if (error instanceof DOMException) return undefined
    throw error
  }
}
