import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { inject } from 'vitest'
import { makeDynamoDbClient } from '../../../adapters/dynamodb/client.ts'
import { rowOf } from '../../../adapters/dynamodb/directory/member-row.ts'
import { makeRoomDirectory } from '../../../adapters/dynamodb/directory/room-directory.ts'
import { createTables } from '../../../adapters/dynamodb/tables.ts'
import type { Member } from '../../../core/domain/identity.ts'
import { makeRoomDirectory as makeMemoryRoomDirectory } from '../../memory/room-directory.ts'
import { roomDirectoryContract } from './room-directory.contract.ts'
import { roomDirectoryEndsContract } from './room-directory-ends.contract.ts'
import type { DirectorySetup } from './room-directory-fixture.ts'
import { roomDirectorySlotsContract } from './room-directory-slots.contract.ts'

const contract = (name: string, setup: DirectorySetup) => {
  roomDirectoryContract(name, setup)
  roomDirectoryEndsContract(name, setup)
  roomDirectorySlotsContract(name, setup)
}

const overDynamoDb = (name: string, endpoint: string) =>
  contract(name, async (options) => {
    const client = makeDynamoDbClient({ endpoint })
    const suffix = crypto.randomUUID()
    const names = { messages: `messages-${suffix}`, connections: `connections-${suffix}` }
    await createTables(client, { names })
    const directory = makeRoomDirectory({ ...options, client, tableName: names.connections })
    return { directory, fill: (members) => writeRows(client, names.connections, members) }
  })

const writeRows = async (client: DynamoDBClient, tableName: string, members: readonly Member[]) => {
  const mostPerWrite = 25
  for (let from = 0; from < members.length; from += mostPerWrite) {
    const rows = members.slice(from, from + mostPerWrite).map(rowOf)
    const { UnprocessedItems } = await client.send(
      new BatchWriteItemCommand({
        RequestItems: { [tableName]: rows.map((row) => ({ PutRequest: { Item: { ...row } } })) },
      }),
    )
    if (Object.keys(UnprocessedItems ?? {}).length > 0) throw new Error('The engine left rows unwritten')
  }
}

contract('memory', async (options) => {
  const directory = makeMemoryRoomDirectory(options)
  const fill = async (members: readonly Member[]) => {
    await Promise.all(members.map(directory.join))
  }
  return { directory, fill }
})

overDynamoDb('dynalite', inject('dynalite'))

const dynamoDbLocal = inject('dynamoDbLocal')
if (dynamoDbLocal !== null) overDynamoDb('DynamoDB Local', dynamoDbLocal)
