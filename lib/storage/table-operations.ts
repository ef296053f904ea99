import type { MessageLog, RoomDirectory } from '../../core/ports.ts'

// DynamoDB actions of adapters/dynamodb for each operation of its ports. Functions are allowed exactly these.

/** Actions on a table and on its index. */
export type TableActions = { readonly table: readonly string[]; readonly index?: readonly string[] }

export type DirectoryOperation = keyof RoomDirectory
export type LogOperation = keyof MessageLog

export const directoryActions: Readonly<Record<DirectoryOperation, TableActions>> = {
  // After writing its row, a join looks for a tombstone and deletes the row if there is one.
  join: { table: ['PutItem', 'BatchGetItem', 'DeleteItem'] },
  renew: { table: ['UpdateItem'] },
  leave: { table: ['DeleteItem'] },
  find: { table: ['BatchGetItem'] },
  members: { table: ['Query'] },
  roomsOf: { table: ['BatchGetItem'], index: ['Query'] },
  markGone: { table: ['PutItem'] },
}

export const logActions: Readonly<Record<LogOperation, TableActions>> = {
  append: { table: ['PutItem', 'Query'] },
  head: { table: ['Query'] },
  read: { table: ['Query'] },
}
