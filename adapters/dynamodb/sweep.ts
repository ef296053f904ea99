import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  paginateScan,
} from '@aws-sdk/client-dynamodb'
import { ttlAttribute } from './tables.ts'

type Options = {
  readonly client: DynamoDBClient
  readonly tableName: string
  /** The attributes of the table's key. */
  readonly keyNames: readonly string[]
  readonly nowMs: number
}

/** Removes what has expired, where the engine has no TTL of its own. Reads the whole table. Returns how many it removed. */
export const sweepExpired = async ({ client, tableName, keyNames, nowMs }: Options): Promise<number> => {
  const pages = paginateScan(
    { client },
    {
      TableName: tableName,
      FilterExpression: '#ttl < :now',
      ProjectionExpression: keyNames.map((_, index) => `#key${index}`).join(', '),
      ExpressionAttributeNames: {
        '#ttl': ttlAttribute,
        ...Object.fromEntries(keyNames.map((name, index) => [`#key${index}`, name])),
      },
      ExpressionAttributeValues: { ':now': { N: String(Math.floor(nowMs / 1000)) } },
    },
  )
  let removed = 0
  for await (const { Items = [] } of pages) {
    await Promise.all(
      Items.map((Key: Record<string, AttributeValue>) =>
        client.send(new DeleteItemCommand({ TableName: tableName, Key })),
      ),
    )
    removed += Items.length
  }
  return removed
}
