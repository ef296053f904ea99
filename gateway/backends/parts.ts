import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import type { ConfirmChannel } from 'amqplib'
import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { sweepExpired } from '../../adapters/dynamodb/sweep.ts'
import { createTables } from '../../adapters/dynamodb/tables.ts'
import { makeLanes } from '../../adapters/embedded/lanes.ts'
import { type BrokerConnection, makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../../adapters/rabbitmq/lane-consumer.ts'
import { makeRoomPublisher } from '../../adapters/rabbitmq/room-publisher.ts'
import { declareTopology, describeTopology } from '../../adapters/rabbitmq/topology.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { reasonOf } from '../../adapters/telemetry/log-data.ts'
import type { IdSource, LaneConsumer, RoomPublisher, Telemetry } from '../../core/ports.ts'
import type { GatewayConfig } from '../settings/config.ts'
import { StartError } from '../settings/start-error.ts'
import { startEmbeddedStore } from './embedded-store.ts'

/** A DynamoDB that answers and has its tables: embedded, or at an address. */
export type Store = {
  readonly client: DynamoDBClient
  /** What is wrong with it now; null if nothing is. */
  readonly problem: () => Promise<string | null>
  readonly stop: () => Promise<void>
}

/** The lanes: embedded, or a RabbitMQ that answers and has its topology. */
export type Broker = {
  readonly makePublisher: () => RoomPublisher
  readonly consumer: LaneConsumer
  /** What is wrong with it now; null if nothing is. */
  readonly problem: () => Promise<string | null>
  readonly stop: () => Promise<void>
}

type StoreSettings = Pick<GatewayConfig, 'store' | 'dataFolder' | 'tableNames'>
type BrokerSettings = Pick<GatewayConfig, 'broker' | 'laneCounts' | 'queuePrefix'>
type BrokerDeps = { readonly telemetry: Telemetry; readonly newId: IdSource }

/** @throws StartError if the store cannot be reached, or its tables cannot be made */
export const openStore = async (
  { store, dataFolder, tableNames }: StoreSettings,
  telemetry: Telemetry,
): Promise<Store> => {
  const embedded = store.kind === 'embedded' ? await startEmbeddedStore(dataFolder) : undefined
  const endpoint = store.kind === 'remote' ? store.url : embedded?.url
  const client = makeDynamoDbClient(endpoint === undefined ? {} : { endpoint })
  const stop = async () => {
    client.destroy()
    await embedded?.stop()
  }
  try {
    await createTables(client, { names: tableNames })
  } catch (error) {
    await stop()
    throw new StartError(
      `DynamoDB at ${endpoint} cannot be used (${reasonOf(error)}). Start it, or mend DYNAMODB_ENDPOINT, or unset that to use the embedded store.`,
      error,
    )
  }
  const Key = { roomId: { S: 'health' }, slotConnection: { S: 'health' } }
  const problem = () => problemOf(client.send(new GetItemCommand({ TableName: tableNames.connections, Key })))
  if (!embedded) return { client, problem, stop }
  await forgetConnections(client, tableNames.connections)
  const stopSweeping = sweepFromTimeToTime(client, tableNames, telemetry)
  return {
    client,
    problem,
    stop: async () => {
      await stopSweeping()
      await stop()
    },
  }
}

/**
 * The embedded store has one process: whatever was connected ended with the last one. Left behind by a crash, it
 * would count towards its user's connections for hours.
 */
const forgetConnections = async (client: DynamoDBClient, tableName: string): Promise<void> => {
  await sweepExpired({ client, tableName, keyNames: connectionKey, nowMs: Number.MAX_SAFE_INTEGER })
}

const connectionKey = ['roomId', 'slotConnection']
const sweepIntervalMs = 60 * 60 * 1000

/** The embedded engine has no TTL. The first time is now, since a laptop's process seldom lives for an hour. */
const sweepFromTimeToTime = (
  client: DynamoDBClient,
  { messages, connections }: StoreSettings['tableNames'],
  telemetry: Telemetry,
): (() => Promise<void>) => {
  const sweep = async () => {
    try {
      const nowMs = systemClock()
      await sweepExpired({ client, tableName: connections, keyNames: connectionKey, nowMs })
      await sweepExpired({ client, tableName: messages, keyNames: ['roomId', 'position'], nowMs })
    } catch (error) {
      // Readers treat what has expired as gone all the same: the next time will do.
      telemetry.error('What has expired could not be removed', error)
    }
  }
  let sweeping = sweep()
  const timer = setInterval(() => {
    sweeping = sweeping.then(sweep)
  }, sweepIntervalMs)
  return () => {
    clearInterval(timer)
    return sweeping
  }
}

/** @throws StartError if the broker cannot be reached, or does not take the topology */
export const openBroker = async (settings: BrokerSettings, deps: BrokerDeps): Promise<Broker> =>
  settings.broker.kind === 'embedded'
    ? embeddedBroker(settings, deps)
    : rabbitMq(settings.broker.url, settings, deps)

const embeddedBroker = ({ laneCounts }: BrokerSettings, { telemetry }: BrokerDeps): Broker => {
  const { publisher, consumer } = makeLanes({ laneCounts, telemetry })
  return {
    makePublisher: () => publisher,
    consumer,
    problem: async () => null,
    stop: async () => undefined,
  }
}

const rabbitMq = async (
  url: string,
  { laneCounts, queuePrefix: prefix }: BrokerSettings,
  { telemetry, newId }: BrokerDeps,
): Promise<Broker> => {
  const topology = describeTopology({ ...laneCounts, prefix })
  const connections: BrokerConnection[] = []
  // On every new connection, so that a broker that comes back empty is put right.
  const prepare = (channel: ConfirmChannel) => declareTopology(channel, topology)
  const makeConnection = () => {
    const connection = makeBrokerConnection({ url, telemetry, heartbeatSeconds: 10, prepare })
    connections.push(connection)
    return connection
  }
  const reading = makeConnection()
  const stop = async () => {
    await Promise.all(connections.map(({ close }) => close()))
  }
  try {
    await reading.open()
  } catch (error) {
    await stop()
    throw new StartError(
      `RabbitMQ at ${new URL(url).host} cannot be used (${reasonOf(error)}). Start it, or mend RABBITMQ_URL, or unset that to use the embedded lanes.`,
      error,
    )
  }
  return {
    makePublisher: () => makeRoomPublisher({ connection: makeConnection(), topology, newId, telemetry }),
    consumer: makeLaneConsumer({ connection: reading, topology, telemetry }),
    problem: () => problemOf(reading.open()),
    stop,
  }
}

const problemOf = (attempt: Promise<unknown>): Promise<string | null> => attempt.then(() => null, reasonOf)
