import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type Random, shuffled } from './random.ts'
import type { StoredRun } from './stored-entries.ts'

type Options = {
  readonly client: DynamoDBClient
  readonly tableName: string
  /** Those that it may remove, once they have expired. */
  readonly runs: readonly StoredRun[]
  readonly random: Random
}

export type Reaper = {
  /** How many items it has removed. */
  readonly removed: () => number
  readonly stop: () => Promise<void>
}

const everyMs = 1_000

/** DynamoDB's TTL, as it is documented: it removes what has expired at some time, in any order. */
export const startReaper = ({ client, tableName, runs, random }: Options): Reaper => {
  let left = [...runs]
  let removed = 0

  const reap = async (): Promise<void> => {
    const nowMs = Date.now()
    const due = left.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt * 1000 <= nowMs)
    const taken = shuffled(random, due).filter(() => random() < 0.3)
    for (const { roomId, position } of taken) {
      const Key = { roomId: { S: roomId }, position: { N: String(position) } }
      await client.send(new DeleteItemCommand({ TableName: tableName, Key }))
      removed++
    }
    left = left.filter((run) => !taken.includes(run))
  }
  let reaping = reap()
  const timer = setInterval(() => {
    reaping = reaping.then(reap)
  }, everyMs)
  return {
    removed: () => removed,
    stop: async () => {
      clearInterval(timer)
      await reaping
    },
  }
}
