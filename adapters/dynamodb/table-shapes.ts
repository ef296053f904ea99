/** An attribute of a table's key with its type: text (S) or number (N). */
export type KeyAttribute = { readonly name: string; readonly type: 'S' | 'N' }

/** Key of a table or index. */
export type Key = { readonly partition: KeyAttribute; readonly sort: KeyAttribute }

/** Name of the index of the connections table by user. It contains keys only and may lag behind the table. */
export const byUserIndex = 'by-user'

/** TTL attribute of both tables: time in seconds since 1970 from which DynamoDB may delete an item. */
export const ttlAttribute = 'expiresAt'

/** Key of the messages table: one item per run, at the position of its first entry. */
export const messagesKey: Key = {
  partition: { name: 'roomId', type: 'S' },
  sort: { name: 'position', type: 'N' },
}

/** Key of the connections table: one item per connection and room. `slotConnection` is slot, `#`, and id. */
export const connectionsKey: Key = {
  partition: { name: 'roomId', type: 'S' },
  sort: { name: 'slotConnection', type: 'S' },
}

/** Key of the index by user. */
export const byUserKey: Key = {
  partition: { name: 'userId', type: 'S' },
  sort: { name: 'connectionId', type: 'S' },
}
