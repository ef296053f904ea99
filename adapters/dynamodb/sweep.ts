import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  paginateScan,
} from '@aws-sdk/client-dynamodb'
import { ttlAttribute } from './table-shapes.ts'

type Options = {
  readonly client: DynamoDBClient
  readonly tableName: string
  /** Attributes of the table's key. */
  readonly keyNames: readonly string[]
  readonly nowMs: number
}

type Item = Record<string, AttributeValue>

/**
 * Deletes expired items for engines without TTL. It scans the table and keeps items that are renewed meanwhile.
 *
 * @returns the number of deleted items
 */
export const sweepExpired = async ({ client, tableName, keyNames, nowMs }: Options): Promise<number> => {
  const expired = expiredAt(nowMs)
  const pages = paginateScan(
    { client },
    {
      TableName: tableName,
      FilterExpression: expired.expression,
      ProjectionExpression: keyNames.map((_, index) => `#key${index}`).join(', '),
      ExpressionAttributeNames: {
        ...expired.names,
        ...Object.fromEntries(keyNames.map((name, index) => [`#key${index}`, name])),
      },
      ExpressionAttributeValues: expired.values,
    },
  )
  const remove = async (Key: Item): Promise<boolean> => {
    const request = new DeleteItemCommand({
      TableName: tableName,
      Key,
      // Checked again, because the item may have been renewed since it was read.
      ConditionExpression: expired.expression,
      ExpressionAttributeNames: expired.names,
      ExpressionAttributeValues: expired.values,
    })
    try {
      await client.send(request)
      return true
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false
      throw error
    }
  }

  let removed = 0
  for await (const { Items = [] } of pages) {
    const outcomes = await Promise.all(Items.map(remove))
    removed += outcomes.filter(Boolean).length
  }
  return removed
}

const expiredAt = (nowMs: number) => ({
  expression: '#ttl < :now',
  names: { '#ttl': ttlAttribute },
  values: { ':now': { N: String(Math.floor(nowMs / 1000)) } },
})
