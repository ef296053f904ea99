/** An attribute of a table's key, and its type: text or number. */
export type KeyAttribute = { readonly name: string; readonly type: 'S' | 'N' }

export type Key = { readonly partition: KeyAttribute; readonly sort: KeyAttribute }

/** Index of the connections table by user: keys only, and it may lag behind the table. */
export const byUserIndex = 'by-user'

/** Attribute of both tables with the time, in seconds since 1970, from which DynamoDB may remove an item. */
export const ttlAttribute = 'expiresAt'

/** One item for each run of entries, at the position of its first entry. */
export const messagesKey: Key = {
  partition: { name: 'roomId', type: 'S' },
  sort: { name: 'position', type: 'N' },
}

/** One item for each connection in a room; `slotConnection` is its slot, `#`, and its id. */
export const connectionsKey: Key = {
  partition: { name: 'roomId', type: 'S' },
  sort: { name: 'slotConnection', type: 'S' },
}

/** Of the index by user. */
export const byUserKey: Key = {
  partition: { name: 'userId', type: 'S' },
  sort: { name: 'connectionId', type: 'S' },
}
