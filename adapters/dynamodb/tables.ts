import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import {
  byUserIndex,
  byUserKey,
  connectionsKey,
  type Key,
  messagesKey,
  ttlAttribute,
} from './table-shapes.ts'

export type TableNames = { readonly messages: string; readonly connections: string }

/**
 * Creates the tables that are not there yet and waits until they can be used; those that exist are left as they
 * are. For engines on one's own machine and for tests: on AWS the stack creates them.
 */
export const createTables = async (
  client: DynamoDBClient,
  { names }: { readonly names: TableNames },
): Promise<void> => {
  await Promise.all([
    createTable(client, messagesTable(names.messages)),
    createTable(client, connectionsTable(names.connections)),
  ])
}

const messagesTable = (name: string) =>
  ({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: attributesOf(messagesKey),
    KeySchema: schemaOf(messagesKey),
  }) satisfies CreateTableCommandInput

const connectionsTable = (name: string) =>
  ({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...attributesOf(connectionsKey), ...attributesOf(byUserKey)],
    KeySchema: schemaOf(connectionsKey),
    GlobalSecondaryIndexes: [
      { IndexName: byUserIndex, KeySchema: schemaOf(byUserKey), Projection: { ProjectionType: 'KEYS_ONLY' } },
    ],
  }) satisfies CreateTableCommandInput

const attributesOf = ({ partition, sort }: Key) =>
  [partition, sort].map(({ name, type }) => ({ AttributeName: name, AttributeType: type }))

const schemaOf = ({ partition, sort }: Key): KeySchemaElement[] => [
  { AttributeName: partition.name, KeyType: 'HASH' },
  { AttributeName: sort.name, KeyType: 'RANGE' },
]

const createTable = async (
  client: DynamoDBClient,
  table: CreateTableCommandInput & { TableName: string },
): Promise<void> => {
  try {
    await client.send(new CreateTableCommand(table))
  } catch (error) {
    // It is there already, or another process is creating it at this moment.
    if (!(error instanceof ResourceInUseException)) throw error
  }
  await waitUntilTableExists(
    { client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 1 },
    { TableName: table.TableName },
  )
  await setTimeToLive(client, table.TableName)
}

const setTimeToLive = async (client: DynamoDBClient, tableName: string): Promise<void> => {
  try {
    const { TimeToLiveDescription: present } = await client.send(
      new DescribeTimeToLiveCommand({ TableName: tableName }),
    )
    // Setting it once more would be an error.
    if (present?.AttributeName === ttlAttribute) return
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: tableName,
        TimeToLiveSpecification: { AttributeName: ttlAttribute, Enabled: true },
      }),
    )
  } catch (error) {
    if (!(error instanceof Error && (engineHasNoTimeToLive(error) || isSetAlready(error)))) throw error
  }
}

// Another process that starts at this moment was faster.
const isSetAlready = (error: Error): boolean =>
  error.name === 'ValidationException' && error.message.includes('already enabled')

// dynalite knows one call and not the other. Nothing depends on TTL but the size of the table: readers treat an
// expired item as gone.
const engineHasNoTimeToLive = (error: Error): boolean => error.name === 'UnknownOperationException'
