import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb'
import { orUnavailable } from '../errors.ts'
import { itemOf, type Run, runOf } from './run.ts'

export type RunQuery = {
  /** Lowest position at which a run may begin. */
  readonly from?: number
  /** Highest position at which a run may begin. */
  readonly to?: number
  readonly order: 'ascending' | 'descending'
  /** Most runs to read; DynamoDB stops at 1 MB as well. */
  readonly limit: number
}

export type RunPage = {
  readonly runs: readonly Run[]
  /** Whether everything in the range was read. */
  readonly complete: boolean
}

/** The items of a room. What the message log does with DynamoDB is these two calls. */
export type RunStore = {
  /**
   * Stores a run unless its position is taken. Taken may mean by this very put, sent a second time after its first
   * answer was lost.
   *
   * @throws ChatError `unavailable`: the run may be stored, now or a moment later
   */
  readonly put: (roomId: string, run: Run) => Promise<'stored' | 'taken'>
  /** Reads consistently; expired runs that DynamoDB has not removed are among the result. @throws ChatError `unavailable` */
  readonly query: (roomId: string, query: RunQuery) => Promise<RunPage>
}

export const makeRunStore = (client: DynamoDBClient, tableName: string): RunStore => ({
  put: async (roomId, run) => {
    try {
      await orUnavailable(() =>
        client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: itemOf(roomId, run),
            ConditionExpression: 'attribute_not_exists(roomId)',
          }),
        ),
      )
      return 'stored'
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'taken'
      throw error
    }
  },

  query: async (roomId, { from = 1, to = Number.MAX_SAFE_INTEGER, order, limit }) => {
    if (from > to) return { runs: [], complete: true } // DynamoDB calls that an error
    const { Items = [], LastEvaluatedKey } = await orUnavailable(() =>
      client.send(
        new QueryCommand({
          TableName: tableName,
          ConsistentRead: true,
          KeyConditionExpression: '#room = :room AND #position BETWEEN :from AND :to',
          ExpressionAttributeNames: { '#room': 'roomId', '#position': 'position' },
          ExpressionAttributeValues: { ':room': { S: roomId }, ':from': number(from), ':to': number(to) },
          ScanIndexForward: order === 'ascending',
          Limit: limit,
        }),
      ),
    )
    return { runs: Items.map(runOf), complete: LastEvaluatedKey === undefined }
  },
})

const number = (value: number): AttributeValue => ({ N: String(value) })
