import type { MessageLog, RoomDirectory } from '../../core/ports.ts'

// What adapters/dynamodb does on the tables for each operation of its ports: functions are allowed that, and no more.

/** On a table, or on its index. */
export type TableActions = { readonly table: readonly string[]; readonly index?: readonly string[] }

export type DirectoryOperation = keyof RoomDirectory
export type LogOperation = keyof MessageLog

export const directoryActions: Readonly<Record<DirectoryOperation, TableActions>> = {
  // Looks for a tombstone after it has written, and takes back what it wrote if there is one.
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
