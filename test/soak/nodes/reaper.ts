import { DeleteItemCommand, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { ttlAttribute } from '../../../adapters/dynamodb/table-shapes.ts'
import { pause } from '../../../core/primitives/timing.ts'
import { type Random, shuffled } from '../random.ts'

type Options = {
  readonly client: DynamoDBClient
  readonly tableName: string
  /** Rooms in which something expires, with the position beyond which nothing does. */
  readonly rooms: ReadonlyMap<string, number>
  readonly random: Random
}

export type Reaper = {
  /** Rejects if it could not go on. */
  readonly stop: () => Promise<void>
}

const everyMs = 1_000
/** Of what has expired, each time: an item stays for some seconds, as DynamoDB lets it stay for days. */
const share = 0.3

/** DynamoDB's TTL, as it is documented: it removes what has expired at some time, in any order. */
export const startReaper = ({ client, tableName: TableName, rooms, random }: Options): Reaper => {
  const expiredIn = async (roomId: string, last: number) => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'roomId = :room AND #position <= :last',
        FilterExpression: '#ttl <= :now',
        ProjectionExpression: 'roomId, #position',
        ExpressionAttributeNames: { '#position': 'position', '#ttl': ttlAttribute },
        ExpressionAttributeValues: {
          ':room': { S: roomId },
          ':last': { N: String(last) },
          ':now': { N: String(Math.floor(Date.now() / 1000)) },
        },
      }),
    )
    return Items
  }
  const reap = async (): Promise<void> => {
    const expired = await Promise.all([...rooms].map(([roomId, last]) => expiredIn(roomId, last)))
    for (const Key of shuffled(random, expired.flat())) {
      if (random() < share) await client.send(new DeleteItemCommand({ TableName, Key }))
    }
  }
  const stopped = new AbortController()
  const work = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await reap()
      await pause(everyMs, stopped.signal)
    }
  }
  const working = work()
  working.catch(() => stopped.abort()) // `stop` tells
  return {
    stop: async () => {
      stopped.abort()
      await working
    },
  }
}
