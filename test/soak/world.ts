import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createTables } from '../../adapters/dynamodb/tables.ts'
import { endProcess } from '../support/processes/end-process.ts'
import { type Server, startDynamoDbLocal } from '../support/servers/dynamodb-engines.ts'
import { type RabbitMqServer, startRabbitMqServer } from '../support/servers/rabbitmq-server.ts'
import { type GatewayNode, makeNode } from './nodes/node.ts'
import { retentionDays } from './seeds.ts'

export type StoreKind = 'dynalite' | 'dynamodb-local'

/** Gateways that share a broker and a store, which are there for them alone. */
export type World = {
  readonly broker: RabbitMqServer
  /** To look into the store, past everything that goes wrong. */
  readonly client: DynamoDBClient
  readonly tableName: string
  readonly nodes: readonly GatewayNode[]
  /** Ends and removes all of it. */
  readonly stop: () => Promise<void>
}

type Options = {
  readonly store: StoreKind
  readonly nodes: number
  /** Where the nodes' logs go. */
  readonly folder: string
  /** Prepares the store, before a node runs. */
  readonly prepare: (client: DynamoDBClient, tableName: string) => Promise<void>
}

const names = { messages: 'soak-messages', connections: 'soak-connections' }

const environment = {
  LANES: '3',
  BULK_LANES: '1',
  QUEUE_PREFIX: 'soak',
  RETENTION_DAYS: String(retentionDays),
  MESSAGES_TABLE: names.messages,
  CONNECTIONS_TABLE: names.connections,
  GATEWAY_ACCESS_KEY_ID: 'SOAK',
  GATEWAY_SECRET_ACCESS_KEY: crypto.randomUUID(),
  LOG_LEVEL: 'info',
  // So that within minutes connections are changed for their age, and rooms are served in parts.
  MAX_AGE_SECONDS: '40',
  LARGE_ROOM_MEMBERS: '5',
}

export const startWorld = async ({ store, nodes: count, folder, prepare }: Options): Promise<World> => {
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).toReversed()) await each()
  }
  try {
    const broker = await startRabbitMqServer()
    stops.push(broker.remove)
    const engine = store === 'dynalite' ? await startDynaliteProcess() : await startDynamoDbLocal()
    stops.push(engine.stop)
    const client = makePatientClient(engine.url)
    stops.push(async () => client.destroy())
    await createTables(client, { names })
    await prepare(client, names.messages)
    const nodes: GatewayNode[] = []
    for (let index = 0; index < count; index++) {
      const name = `node ${index}`
      const node = await makeNode({
        name,
        brokerUrl: broker.url,
        storeUrl: engine.url,
        env: environment,
        // Every other one stores one message a put, as a Lambda does.
        maxRunEntries: index % 2 === 1 ? 1 : undefined,
        logFile: join(folder, `node-${index}.log`),
      })
      nodes.push(node)
      stops.push(node.stop)
      await node.start()
    }
    return { broker, client, tableName: names.messages, nodes, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * The soak's own looks into the store wait for as long as a busy machine may take. Region and credentials are those
 * of the gateways' client: DynamoDB Local has another database for any others.
 */
const makePatientClient = (endpoint: string): DynamoDBClient =>
  new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  })

const dynaliteFile = fileURLToPath(new URL('nodes/dynalite-process.ts', import.meta.url))

/** In a process of its own: what it computes must not hold up the proxies. */
const startDynaliteProcess = async (): Promise<Server> => {
  const child = fork(dynaliteFile, { detached: true })
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`dynalite ended with ${code ?? signal}`)
  })
  ended.catch(() => undefined) // once it is up, whoever asks it finds out
  const [url] = (await Promise.race([once(child, 'message'), ended])) as [string]
  return { url, stop: () => endProcess(child) }
}
