import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { type Run, runOf } from '../../adapters/dynamodb/run.ts'

/** A run of entries as it lies in the store. */
export type StoredRun = Run & { readonly roomId: string }

/** A message as it lies in the store. */
export type StoredEntry = {
  readonly roomId: string
  readonly position: number
  readonly epoch: string
  readonly seq: number
  readonly messageId: string
  readonly clientMessageId: string | undefined
  readonly userId: string
  /** When it expires, in ms since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined
}

/** Everything that is in the messages table now, expired or not. */
export const readRuns = async (client: DynamoDBClient, TableName: string): Promise<readonly StoredRun[]> => {
  const runs: StoredRun[] = []
  for await (const { Items = [] } of paginateScan({ client }, { TableName, ConsistentRead: true })) {
    for (const item of Items) runs.push({ ...runOf(item), roomId: item.roomId?.S ?? '' })
  }
  return runs
}

export const entriesOf = ({ roomId, position, epoch, entries, expiresAt }: StoredRun): StoredEntry[] =>
  entries.map(({ seq, messageId, clientMessageId, sender }, index) => ({
    roomId,
    position: position + index,
    epoch,
    seq,
    messageId,
    clientMessageId,
    userId: sender.userId,
    expiresAtMs: expiresAt === undefined ? undefined : expiresAt * 1000,
  }))
