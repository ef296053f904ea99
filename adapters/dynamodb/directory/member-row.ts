import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Member } from '../../../core/domain/identity.ts'
import { keyBoundsOf, type SlotRange, slotKeyOf } from '../../../core/domain/slots.ts'

export type RowKey = { readonly roomId: { S: string }; readonly slotConnection: { S: string } }

type Row = Readonly<Record<string, AttributeValue>>

export const rowKeyOf = (roomId: string, connectionId: string): RowKey => ({
  roomId: { S: roomId },
  slotConnection: { S: slotKeyOf(connectionId) },
})

/** The sort keys of a range of slots, ends included. */
export const rowsBetween = (slots: SlotRange) => {
  const { lowest, highest } = keyBoundsOf(slots)
  return { lowest: { S: lowest }, highest: { S: highest } }
}

/** Key of the mark that a connection is gone. No room id holds a `#`, so none can collide with it. */
export const tombstoneKeyOf = (connectionId: string): RowKey => rowKeyOf(`gone#${connectionId}`, connectionId)

/**
 * The end of a row in the seconds of DynamoDB's TTL, rounded up: a row must not be removed while it still counts.
 * TTL is for tidiness only, since it may be days late; readers go by `expiresAtMs`.
 */
export const ttlSecondsOf = (expiresAtMs: number): number => Math.ceil(expiresAtMs / 1000)

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

export const text = (row: Row, attribute: string): string => row[attribute]?.S ?? missing(row, attribute)

const number = (row: Row, attribute: string): number => Number(row[attribute]?.N ?? missing(row, attribute))

const missing = (row: Row, attribute: string): never => {
  throw new Error(`The row ${row.roomId?.S} ${row.slotConnection?.S} has no ${attribute}`)
}
