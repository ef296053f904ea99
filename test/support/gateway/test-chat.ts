import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb'
import { inject, onTestFinished } from 'vitest'
import { makeDynamoDbClient } from '../../../adapters/dynamodb/client.ts'
import { makeRoomDirectory } from '../../../adapters/dynamodb/directory/room-directory.ts'
import { describeTopology } from '../../../adapters/rabbitmq/topology.ts'
import { systemClock } from '../../../adapters/system/clock.ts'
import { readConfig } from '../../../gateway/settings/config.ts'
import { type StartOptions, startChat } from '../../../gateway/start.ts'
import { removeTopology } from '../servers/remove-topology.ts'

export type TestParts = {
  readonly name: string
  /** `dynalite`: not within the gateway, so that a test can look into its tables. */
  readonly store: 'embedded' | 'dynalite' | 'dynamoDbLocal'
  readonly broker: 'embedded' | 'rabbitMq'
}

/** The pairs of store and broker to run a scenario on: all that can be had here. */
export const everyParts = (): readonly TestParts[] => [
  { name: 'the embedded parts', store: 'embedded', broker: 'embedded' },
  ...(inject('dynamoDbLocal') && inject('rabbitMq')
    ? [{ name: 'DynamoDB Local and RabbitMQ', store: 'dynamoDbLocal', broker: 'rabbitMq' } as const]
    : []),
]

const lanes = { LANES: '2', BULK_LANES: '1' }

type Options = StartOptions & {
  readonly parts?: Omit<TestParts, 'name'>
  readonly env?: Readonly<Record<string, string>>
}

/** The whole chat, as `npm start` starts it, on tables and queues of its own; it ends with the test. */
export const startTestChat = async ({ parts = embedded, env = {}, ...options }: Options = {}) => {
  const own = `test-${randomUUID()}`
  const dataFolder = await mkdtemp(join(tmpdir(), 'simple-chat-'))
  const endpoint = parts.store === 'embedded' ? null : inject(parts.store)
  const broker = parts.broker === 'rabbitMq' ? inject('rabbitMq') : null
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: 'error',
    DATA_DIR: dataFolder,
    MESSAGES_TABLE: `${own}-messages`,
    CONNECTIONS_TABLE: `${own}-connections`,
    QUEUE_PREFIX: own,
    ...lanes,
    ...(endpoint !== null && { DYNAMODB_ENDPOINT: endpoint }),
    ...(broker !== null && { RABBITMQ_URL: broker }),
    ...env,
  })
  const gateway = await startChat(config, options)
  onTestFinished(async () => {
    await gateway.close()
    if (broker !== null) await removeTopology(broker, describeTopology({ ...config.laneCounts, prefix: own }))
    if (endpoint !== null) await removeTables(endpoint, Object.values(config.tableNames))
    await rm(dataFolder, { recursive: true, force: true })
  }, 30_000)
  return { ...gateway, tables: { endpoint, names: config.tableNames }, queuePrefix: config.queuePrefix }
}

type Tables = Awaited<ReturnType<typeof startTestChat>>['tables']

/** The users that the directory has in a room, sorted: seen through a client of the test's own. */
export const membersOf = async ({ endpoint, names }: Tables, roomId: string): Promise<readonly string[]> => {
  if (endpoint === null) throw new Error('The embedded store cannot be looked into')
  const client = makeDynamoDbClient({ endpoint })
  const directory = makeRoomDirectory({ client, tableName: names.connections, clock: systemClock })
  const pages = await Array.fromAsync(directory.members(roomId))
  client.destroy()
  return pages
    .flat()
    .map(({ userId }) => userId)
    .sort()
}

const embedded = { store: 'embedded', broker: 'embedded' } as const

const removeTables = async (endpoint: string, names: readonly string[]): Promise<void> => {
  const client = makeDynamoDbClient({ endpoint })
  await Promise.all(names.map((TableName) => client.send(new DeleteTableCommand({ TableName }))))
  client.destroy()
}
