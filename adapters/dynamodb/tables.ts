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

/** Names of the tables. */
export type TableNames = { readonly messages: string; readonly connections: string }

/**
 * Creates missing tables and waits until they can be used. Existing tables stay as they are. For local engines and tests: on
 * AWS the stack creates the tables.
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
    // The table exists, or another process is creating it at this moment.
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
    // Enabling TTL twice is an error.
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

// Another process that starts at the same moment was faster.
const isSetAlready = (error: Error): boolean =>
  error.name === 'ValidationException' && error.message.includes('already enabled')

// dynalite supports only one of the calls. Only the table's size depends on TTL: readers ignore expired items.
const engineHasNoTimeToLive = (error: Error): boolean => error.name === 'UnknownOperationException'
