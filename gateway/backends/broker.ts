import type { ConfirmChannel } from 'amqplib'
import { makeLanes } from '../../adapters/embedded/lanes.ts'
import { type BrokerConnection, makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../../adapters/rabbitmq/lane-consumer.ts'
import { makeRoomPublisher } from '../../adapters/rabbitmq/room-publisher.ts'
import { declareTopology, describeTopology } from '../../adapters/rabbitmq/topology.ts'
import { reasonOf } from '../../adapters/telemetry/log-data.ts'
import type { IdSource, LaneConsumer, RoomPublisher, Telemetry } from '../../core/ports.ts'
import type { GatewayConfig } from '../settings/config.ts'
import { StartError } from '../settings/start-error.ts'
import { problemOf } from './store.ts'

/** The broker of the lanes: embedded, or a RabbitMQ that answers and has its topology. */
export type Broker = {
  readonly makePublisher: () => RoomPublisher
  readonly consumer: LaneConsumer
  /** Returns the current problem in words, or null. */
  readonly problem: () => Promise<string | null>
  readonly stop: () => Promise<void>
}

type BrokerSettings = Pick<GatewayConfig, 'broker' | 'laneCounts' | 'queuePrefix'>
type BrokerDeps = { readonly telemetry: Telemetry; readonly newId: IdSource }

/** Opens the broker and declares its topology. @throws StartError if RabbitMQ cannot be used */
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
  // Declared on every new connection, so that a broker that comes back empty is repaired.
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
      `RabbitMQ at ${new URL(url).host} cannot be used (${reasonOf(error)}). Start it, correct RABBITMQ_URL, or unset that to use the embedded lanes.`,
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
