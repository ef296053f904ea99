import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb'
import { orUnavailable } from '../errors.ts'
import { itemOf, type Run, runOf } from './run.ts'

/** A range of runs to read. */
export type RunQuery = {
  /** Lowest position at which a run may begin. */
  readonly from?: number
  /** Highest position at which a run may begin. */
  readonly to?: number
  readonly order: 'ascending' | 'descending'
  /** Maximum number of runs; DynamoDB also stops at 1 MB. */
  readonly limit: number
}

export type RunPage = {
  readonly runs: readonly Run[]
  /** True if the whole range was read. */
  readonly complete: boolean
}

/** Store of runs: the two calls with which the message log uses DynamoDB. */
export type RunStore = {
  /**
   * Stores a run unless its position is taken. The SDK may have taken it itself, by repeating the put after a lost answer.
   *
   * @throws ChatError `unavailable`: the run may be stored, now or a moment later
   */
  readonly put: (roomId: string, run: Run) => Promise<'stored' | 'taken'>
  /** Reads runs consistently, including expired ones that still exist. @throws ChatError `unavailable` */
  readonly query: (roomId: string, query: RunQuery) => Promise<RunPage>
}

/** Creates the store on a table. */
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
    if (from > to) return { runs: [], complete: true } // an error for DynamoDB
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
