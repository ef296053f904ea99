import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { type Run, runOf } from '../../../adapters/dynamodb/log/run.ts'

/** A message as it lies in the store. */
export type StoredEntry = {
  readonly roomId: string
  readonly position: number
  readonly epoch: string
  readonly seq: number
  readonly messageId: string
  readonly clientMessageId: string | undefined
  readonly userId: string
  /** By the clock of the node that stored it. */
  readonly sentAtMs: number
  /** When it expires, in ms since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined
}

/** Everything that is in the messages table now, expired or not. */
export const readEntries = async (
  client: DynamoDBClient,
  TableName: string,
): Promise<readonly StoredEntry[]> => {
  const entries: StoredEntry[] = []
  for await (const { Items = [] } of paginateScan({ client }, { TableName, ConsistentRead: true })) {
    for (const item of Items) entries.push(...entriesOf(item.roomId?.S ?? '', runOf(item)))
  }
  return entries
}

const entriesOf = (roomId: string, { position, epoch, entries, expiresAt }: Run): StoredEntry[] =>
  entries.map(({ seq, messageId, clientMessageId, sender, sentAtMs }, index) => ({
    roomId,
    position: position + index,
    epoch,
    seq,
    messageId,
    clientMessageId,
    userId: sender.userId,
    sentAtMs,
    expiresAtMs: expiresAt === undefined ? undefined : expiresAt * 1000,
  }))
