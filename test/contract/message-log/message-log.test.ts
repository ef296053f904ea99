import { inject } from 'vitest'
import { makeDynamoDbClient } from '../../../adapters/dynamodb/client.ts'
import { makeMessageLog } from '../../../adapters/dynamodb/log/message-log.ts'
import { createTables } from '../../../adapters/dynamodb/tables.ts'
import { makeMessageLog as makeMemoryMessageLog, makeMessageStore } from '../../memory/message-log.ts'
import { messageLogContract } from './message-log.contract.ts'

const overDynamoDb = (name: string, endpoint: string, maxRunEntries?: number) =>
  messageLogContract(name, async () => {
    const client = makeDynamoDbClient({ endpoint })
    const suffix = crypto.randomUUID()
    const names = { messages: `messages-${suffix}`, connections: `connections-${suffix}` }
    await createTables(client, { names })
    return (options) =>
      makeMessageLog({
        ...options,
        client,
        tableName: names.messages,
        ...(maxRunEntries !== undefined && { maxRunEntries }),
      })
  })

messageLogContract('memory', async () => {
  const store = makeMessageStore()
  return (options) => makeMemoryMessageLog({ ...options, store })
})

overDynamoDb('dynalite', inject('dynalite'))
overDynamoDb('dynalite, one entry a put', inject('dynalite'), 1)

const dynamoDbLocal = inject('dynamoDbLocal')
if (dynamoDbLocal !== null) overDynamoDb('DynamoDB Local', dynamoDbLocal)
