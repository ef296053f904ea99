import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Member } from '../../../core/domain/identity.ts'
import { keyBoundsOf, type SlotRange, slotKeyOf } from '../../../core/domain/slots.ts'

/** Key of an item of the connections table. */
export type RowKey = { readonly roomId: { S: string }; readonly slotConnection: { S: string } }

type Row = Readonly<Record<string, AttributeValue>>

/** Returns the key of a connection's row in a room. */
export const rowKeyOf = (roomId: string, connectionId: string): RowKey => ({
  roomId: { S: roomId },
  slotConnection: { S: slotKeyOf(connectionId) },
})

/** Returns the condition on sort keys for a range of slots, ends included. */
export const rowsBetween = (slots: SlotRange) => {
  const { lowest, highest } = keyBoundsOf(slots)
  return { lowest: { S: lowest }, highest: { S: highest } }
}

/** Returns the key of a connection's tombstone. Room ids contain no `#`, so none can collide with it. */
export const tombstoneKeyOf = (connectionId: string): RowKey => rowKeyOf(`gone#${connectionId}`, connectionId)

/**
 * Converts the end of a row to seconds for TTL, rounded up, so that a valid row is never deleted. TTL only tidies up and may
 * be days late; readers use `expiresAtMs`.
 */
export const ttlSecondsOf = (expiresAtMs: number): number => Math.ceil(expiresAtMs / 1000)

/** Converts a member to a row. */
export const rowOf = (member: Member): Row => ({
  ...rowKeyOf(member.roomId, member.connectionId),
  connectionId: { S: member.connectionId },
  userId: { S: member.userId },
  ...(member.name !== undefined && { name: { S: member.name } }),
  endpoint: { S: member.endpoint },
  joinedAtMs: { N: String(member.joinedAtMs) },
  expiresAtMs: { N: String(member.expiresAtMs) },
  tokenExpiresAtMs: { N: String(member.tokenExpiresAtMs) },
  expiresAt: { N: String(ttlSecondsOf(member.expiresAtMs)) },
})

/** Converts a row to a member. @throws Error for a row without a required attribute */
export const memberOf = (row: Row): Member => ({
  roomId: text(row, 'roomId'),
  connectionId: text(row, 'connectionId'),
  endpoint: text(row, 'endpoint'),
  userId: text(row, 'userId'),
  ...(row.name?.S !== undefined && { name: row.name.S }),
  joinedAtMs: number(row, 'joinedAtMs'),
  expiresAtMs: number(row, 'expiresAtMs'),
  tokenExpiresAtMs: number(row, 'tokenExpiresAtMs'),
})

/** Reads a text attribute of a row. @throws Error if it is missing */
export const text = (row: Row, attribute: string): string => row[attribute]?.S ?? missing(row, attribute)

const number = (row: Row, attribute: string): number => Number(row[attribute]?.N ?? missing(row, attribute))

const missing = (row: Row, attribute: string): never => {
  throw new Error(`The row ${row.roomId?.S} ${row.slotConnection?.S} has no ${attribute}`)
}
