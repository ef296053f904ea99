import {
  BatchGetItemCommand,
  DynamoDBClient,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { rowKeyOf, rowOf } from '../../../../../adapters/dynamodb/directory/member-row.ts'
import { makeRoomDirectory } from '../../../../../adapters/dynamodb/directory/room-directory.ts'
import { memberOf } from '../../../../../core/membership.ts'
import { callerOf } from '../../../../support/builders.ts'

const table = 'connections'
const dynamoDb = mockClient(DynamoDBClient)
const directory = makeRoomDirectory({
  client: new DynamoDBClient({ region: 'eu-central-1' }),
  tableName: table,
  clock: () => 5000,
})

const key = (roomId: string) => ({ ...rowKeyOf(roomId, 'c1') })
const row = (roomId: string, expiresAtMs: number) =>
  rowOf({ ...memberOf(callerOf('c1'), roomId, 0), expiresAtMs })
const error = { message: 'as DynamoDB says it', $metadata: {} }

describe('room directory on DynamoDB', () => {
  beforeEach(() => {
    dynamoDb.reset()
    dynamoDb.on(QueryCommand).resolves({ Items: ['a', 'b', 'c'].map(key) })
  })

  it('asks again for the rows that DynamoDB hands back unprocessed', async () => {
    dynamoDb
      .on(BatchGetItemCommand)
      .resolvesOnce({
        Responses: { [table]: [row('a', 5001)] },
        UnprocessedKeys: { [table]: { Keys: [key('b'), key('c')] } },
      })
      .resolves({ Responses: { [table]: [row('b', 5000), row('c', 9000)] } })

    expect(await directory.roomsOf('ada', 'c1')).toEqual(['a', 'c'])

    expect(dynamoDb.commandCalls(BatchGetItemCommand)[1]?.args[0].input.RequestItems?.[table]?.Keys).toEqual([
      key('b'),
      key('c'),
    ])
  })

  it('is unavailable when DynamoDB hands back all that it was asked for', async () => {
    dynamoDb
      .on(BatchGetItemCommand)
      .resolves({ UnprocessedKeys: { [table]: { Keys: ['a', 'b', 'c'].map(key) } } })

    await expect(directory.roomsOf('ada', 'c1')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('does not read rows where the index knows none', async () => {
    dynamoDb.on(QueryCommand).resolves({ Items: [] })

    expect(await directory.roomsOf('ada', 'c1')).toEqual([])

    expect(dynamoDb.commandCalls(BatchGetItemCommand)).toEqual([])
  })

  it('follows the index from page to page', async () => {
    dynamoDb
      .on(QueryCommand)
      .resolvesOnce({ Items: [key('a')], LastEvaluatedKey: key('a') })
      .resolves({ Items: [key('b')] })
    dynamoDb.on(BatchGetItemCommand).resolves({ Responses: { [table]: [row('a', 9000), row('b', 9000)] } })

    expect(await directory.roomsOf('ada', 'c1')).toEqual(['a', 'b'])

    expect(dynamoDb.commandCalls(QueryCommand)[1]?.args[0].input.ExclusiveStartKey).toEqual(key('a'))
  })

  it('lets a tombstone end by itself after minutes, in the whole seconds of TTL, and keeps it out of the index', async () => {
    dynamoDb.on(PutItemCommand).resolves({})

    await directory.markGone('c1')

    const item = dynamoDb.commandCalls(PutItemCommand)[0]?.args[0].input.Item
    expect(item?.expiresAt).toEqual({ N: '305' })
    expect(item?.roomId?.S).toMatch(/#/)
    expect(item).not.toHaveProperty('userId')
  })

  it('rounds the TTL of a row up, so that it is not removed before it has expired', async () => {
    dynamoDb.onAnyCommand().resolves({})

    await directory.join({
      connectionId: 'c1',
      endpoint: 'http://127.0.0.1:8080',
      roomId: 'general',
      userId: 'ada',
      joinedAtMs: 5000,
      expiresAtMs: 9001,
      tokenExpiresAtMs: 9999,
    })

    expect(dynamoDb.commandCalls(PutItemCommand)[0]?.args[0].input.Item).toMatchObject({
      expiresAtMs: { N: '9001' },
      expiresAt: { N: '10' },
    })
  })

  it('rounds the TTL up in a renewal as well', async () => {
    dynamoDb.on(UpdateItemCommand).resolves({})

    expect(await directory.renew('a', 'c1', 9001)).toBe(true)

    expect(dynamoDb.commandCalls(UpdateItemCommand)[0]?.args[0].input.ExpressionAttributeValues).toEqual({
      ':expiresAtMs': { N: '9001' },
      ':ttl': { N: '10' },
      ':nowMs': { N: '5000' },
    })
  })

  it('is unavailable when DynamoDB is overloaded, and says so with the cause', async () => {
    const cause = new ProvisionedThroughputExceededException(error)
    dynamoDb.on(QueryCommand).rejects(cause)

    await expect(directory.roomsOf('ada', 'c1')).rejects.toMatchObject({ code: 'unavailable', cause })
  })

  it('throws what is a defect as it is', async () => {
    const missingTable = new ResourceNotFoundException(error)
    dynamoDb.on(PutItemCommand).rejects(missingTable)

    await expect(directory.markGone('c1')).rejects.toBe(missingTable)
  })
})
