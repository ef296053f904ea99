import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import * as v from 'valibot'
import type { Entry } from '../../../core/domain/entry.ts'
import { ttlAttribute } from '../table-shapes.ts'

/**
 * One item of the messages table: one or more entries that were appended together. A room's runs follow each other without
 * gaps in position, through all epochs. Within an epoch, `seq` is position − base.
 */
export type Run = {
  /** Position of its first entry; 1 for a room's first entry ever. */
  readonly position: number
  /** Last position before this epoch. */
  readonly base: number
  readonly epoch: string
  readonly entries: readonly Entry[]
  /** Expiry in seconds since 1970, never before that of the previous run; absent if the run is permanent. */
  readonly expiresAt?: number
}

type Item = Record<string, AttributeValue>

/** Returns the position of a run's last entry; the next run begins after it. */
export const endOf = ({ position, entries }: Run): number => position + entries.length - 1

/** Tells whether a run has expired. */
export const isExpired = ({ expiresAt }: { readonly expiresAt?: number }, nowMs: number): boolean =>
  expiresAt !== undefined && expiresAt * 1000 <= nowMs

/** Converts a run to an item. */
export const itemOf = (roomId: string, { position, base, epoch, entries, expiresAt }: Run): Item => ({
  roomId: { S: roomId },
  position: { N: String(position) },
  base: { N: String(base) },
  epoch: { S: epoch },
  entries: { L: entries.map((entry) => ({ M: attributesOf(entry) })) },
  ...(expiresAt !== undefined && { [ttlAttribute]: { N: String(expiresAt) } }),
})

/** Converts an item to a run. @throws Error for an item that is no run */
export const runOf = (item: Item): Run => {
  const [position, base] = [numberIn(item, 'position'), numberIn(item, 'base')]
  const expiresAt = item[ttlAttribute]?.N
  const entries = item.entries?.L ?? []
  if (entries.length === 0) throw new Error(`The run at position ${position} has no entries`)
  return {
    position,
    base,
    epoch: textIn(item, 'epoch'),
    entries: entries.map(({ M = {} }, index) => entryOf(M, position - base + index)),
    ...(expiresAt !== undefined && { expiresAt: Number(expiresAt) }),
  }
}

// Marshalling is written by hand, because it is most of an append's CPU cost. Names that users choose are stored as text:
// an attribute name that DynamoDB refuses would fail all entries of the run.
const attributesOf = (entry: Entry): Item => ({
  kind: { S: entry.kind },
  messageId: { S: entry.messageId },
  ...(entry.clientMessageId !== undefined && { clientMessageId: { S: entry.clientMessageId } }),
  userId: { S: entry.sender.userId },
  ...(entry.sender.name !== undefined && { name: { S: entry.sender.name } }),
  content: { S: entry.content },
  ...(entry.attributes !== undefined && { attributes: { S: JSON.stringify(entry.attributes) } }),
  sentAtMs: { N: String(entry.sentAtMs) },
})

const entryOf = (item: Item, seq: number): Entry => {
  const [clientMessageId, name, attributes] = [item.clientMessageId?.S, item.name?.S, item.attributes?.S]
  return {
    seq,
    kind: 'text',
    messageId: textIn(item, 'messageId'),
    ...(clientMessageId !== undefined && { clientMessageId }),
    sender: { userId: textIn(item, 'userId'), ...(name !== undefined && { name }) },
    content: textIn(item, 'content'),
    ...(attributes !== undefined && { attributes: v.parse(AttributesSchema, JSON.parse(attributes)) }),
    sentAtMs: numberIn(item, 'sentAtMs'),
  }
}

const AttributesSchema = v.record(v.string(), v.string())

const textIn = (item: Item, name: string): string => {
  const text = item[name]?.S
  if (text === undefined) throw new Error(`An item of the messages table has no ${name}`)
  return text
}

const numberIn = (item: Item, name: string): number => {
  const text = item[name]?.N
  if (text === undefined) throw new Error(`An item of the messages table has no ${name}`)
  return Number(text)
}
