import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Member } from '../../../core/domain/identity.ts'
import type { SlotRange } from '../../../core/domain/slots.ts'
import type { Clock, RoomDirectory } from '../../../core/ports.ts'
import { orUnavailable } from '../errors.ts'
import { byUserIndex, ttlAttribute } from '../table-shapes.ts'
import { makeBatchedGet } from './batched-get.ts'
import { memberOf, rowKeyOf, rowOf, rowsBetween, text, tombstoneKeyOf, ttlSecondsOf } from './member-row.ts'

type Options = {
  readonly client: DynamoDBClient
  readonly tableName: string
  readonly clock: Clock
  /** Maximum rows in a page of `members`. Delivery begins with the first page, so it should come soon. Default: 500. */
  readonly membersPerPage?: number
}

type Row = Readonly<Record<string, AttributeValue>>

/** Life of a tombstone, in ms. A join ends after at most 29 s (API Gateway quota "integration timeout"). */
const tombstoneMs = 5 * 60 * 1000

/** Creates the directory: one item per connection and room, in the order of slots. */
export const makeRoomDirectory = (options: Options): RoomDirectory => {
  const { client, tableName: TableName, clock } = options
  const get = makeBatchedGet({ client, tableName: TableName, keyNames: ['roomId', 'slotConnection'] })

  const leave = async (roomId: string, connectionId: string) => {
    const Key = rowKeyOf(roomId, connectionId)
    await orUnavailable(() => client.send(new DeleteItemCommand({ TableName, Key })))
  }

  const isBuried = async (connectionId: string) => {
    // An expired tombstone counts as well: connection ids are never reused.
    return (await get(tombstoneKeyOf(connectionId))) !== undefined
  }

  const find = async (roomId: string, connectionId: string) => {
    const row = await get(rowKeyOf(roomId, connectionId))
    const member = row && memberOf(row)
    return member && member.expiresAtMs > clock() ? member : undefined
  }

  const renew = async (roomId: string, connectionId: string, expiresAtMs: number) => {
    const request = new UpdateItemCommand({
      TableName,
      Key: rowKeyOf(roomId, connectionId),
      UpdateExpression: 'SET expiresAtMs = :expiresAtMs, #ttl = :ttl',
      // Without this condition, an update would create a row that a leave has deleted.
      ConditionExpression: 'attribute_exists(roomId) AND expiresAtMs > :nowMs',
      ExpressionAttributeNames: { '#ttl': ttlAttribute },
      ExpressionAttributeValues: {
        ':expiresAtMs': { N: String(expiresAtMs) },
        ':ttl': { N: String(ttlSecondsOf(expiresAtMs)) },
        ':nowMs': { N: String(clock()) },
      },
    })
    try {
      await orUnavailable(() => client.send(request))
      return true
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false
      throw error
    }
  }

  return {
    leave,
    renew,
    join: async (member) => {
      await orUnavailable(() => client.send(new PutItemCommand({ TableName, Item: rowOf(member) })))
      // The row is written before the look: a concurrent $disconnect either sees the row or is seen here.
      if (!(await isBuried(member.connectionId))) return true
      await leave(member.roomId, member.connectionId)
      return false
    },
    find,
    members: (roomId, slots) => membersOf(options, roomId, slots),
    roomsOf: async (userId, connectionId) => {
      const rooms: string[] = []
      for await (const rows of pagesOf(client, roomsQuery(TableName, userId, connectionId))) {
        rooms.push(...rows.map((row) => text(row, 'roomId')))
      }
      // The index does not contain the expiry, because each renewal would write to the index as well. One more read of a
      // connection's few rooms is cheaper. It also drops rooms that were left before the index was updated.
      const members = await Promise.all(rooms.map((roomId) => find(roomId, connectionId)))
      return members.flatMap((member) => (member ? [member.roomId] : []))
    },
    markGone: async (connectionId) => {
      // Items without a userId are not in the index.
      const Item = {
        ...tombstoneKeyOf(connectionId),
        expiresAt: { N: String(ttlSecondsOf(clock() + tombstoneMs)) },
      }
      await orUnavailable(() => client.send(new PutItemCommand({ TableName, Item })))
    },
  }
}

const membersOf = async function* (
  { client, tableName, clock, membersPerPage = 500 }: Options,
  roomId: string,
  slots: SlotRange | undefined,
): AsyncGenerator<readonly Member[]> {
  const range = slots && rowsBetween(slots)
  const pages = pagesOf(client, {
    TableName: tableName,
    KeyConditionExpression: `roomId = :roomId${range ? ' AND slotConnection BETWEEN :lowest AND :highest' : ''}`,
    FilterExpression: 'expiresAtMs > :nowMs',
    ExpressionAttributeValues: {
      ':roomId': { S: roomId },
      ':nowMs': { N: String(clock()) },
      ...(range && { ':lowest': range.lowest, ':highest': range.highest }),
    },
    ConsistentRead: true,
    Limit: membersPerPage,
  })
  for await (const rows of pages) {
    if (rows.length > 0) yield rows.map(memberOf)
  }
}

const pagesOf = async function* (
  client: DynamoDBClient,
  query: QueryCommandInput,
): AsyncGenerator<readonly Row[]> {
  let from: Record<string, AttributeValue> | undefined
  do {
    const request = new QueryCommand({ ...query, ...(from && { ExclusiveStartKey: from }) })
    const page = await orUnavailable(() => client.send(request))
    yield page.Items ?? []
    from = page.LastEvaluatedKey
  } while (from)
}

const roomsQuery = (TableName: string, userId: string, connectionId: string): QueryCommandInput => ({
  TableName,
  IndexName: byUserIndex,
  KeyConditionExpression: 'userId = :userId AND connectionId = :connectionId',
  ExpressionAttributeValues: { ':userId': { S: userId }, ':connectionId': { S: connectionId } },
})
