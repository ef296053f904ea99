import { randomUUID } from 'node:crypto'
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb'
import { inject, onTestFinished } from 'vitest'
import { makeDynamoDbClient } from '../../../adapters/dynamodb/client.ts'
import { createTables } from '../../../adapters/dynamodb/tables.ts'

/** Tables of a test's own in dynalite, and a client for them. They go with the test. */
export const makeTestTables = async () => {
  const client = makeDynamoDbClient({ endpoint: inject('dynalite') })
  const names = { messages: `messages-${randomUUID()}`, connections: `connections-${randomUUID()}` }
  await createTables(client, { names })
  onTestFinished(async () => {
    for (const TableName of Object.values(names)) await client.send(new DeleteTableCommand({ TableName }))
    client.destroy()
  })
  return { client, names }
}
