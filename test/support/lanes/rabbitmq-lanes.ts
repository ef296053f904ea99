import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'
import { makeBrokerConnection } from '../../../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../../../adapters/rabbitmq/lane-consumer.ts'
import { makeRoomPublisher } from '../../../adapters/rabbitmq/room-publisher.ts'
import { declareTopology, deleteTopology, describeTopology } from '../../../adapters/rabbitmq/topology.ts'
import type { Lane } from '../../../core/domain/lanes.ts'
import type { LanesUnderTest } from '../../contract/lanes/lanes.contract.ts'
import { makeTelemetry } from '../../memory/telemetry.ts'

const laneCounts = { lanes: 2, bulkLanes: 1 }
const deliveryLimit = 2

/** A topology of a test's own, named so that no other test's is like it. */
export const ownTopology = () =>
  describeTopology({ ...laneCounts, deliveryLimit, prefix: `test-${randomUUID()}` })

/** Lanes on a real broker, with a connection for each role, and a third for what the test itself looks at. */
export const startRabbitMqLanes = async (url: string): Promise<LanesUnderTest> => {
  const topology = ownTopology()
  const telemetry = makeTelemetry()
  const connections = Array.from({ length: 3 }, () => makeBrokerConnection({ url, telemetry }))
  const [one, other, reading] = connections
  if (!one || !other || !reading) throw new Error('Three connections were made')
  const inspector = await connect(url, { noDelay: true })
  const channel = await inspector.createConfirmChannel()
  await declareTopology(channel, topology)
  const deadLetters: { body: string; reason: string }[] = []

  return {
    laneCounts,
    deliveryLimit,
    publisher: makeRoomPublisher({ connection: one, topology, newId: randomUUID, telemetry }),
    otherPublisher: makeRoomPublisher({ connection: other, topology, newId: randomUUID, telemetry }),
    consumer: makeLaneConsumer({ connection: reading, topology, telemetry }),
    put: async (lane: Lane, body: string) => {
      channel.publish(topology.jobsExchange, lane, Buffer.from(body), {
        persistent: true,
        messageId: randomUUID(),
      })
      await channel.waitForConfirms()
    },
    deadLetters: async () => {
      for (;;) {
        const message = await channel.get(topology.deadLetterQueue, { noAck: true })
        if (!message) return deadLetters
        const { headers = {} } = message.properties
        deadLetters.push({
          body: message.content.toString(),
          reason: String(headers.reason ?? headers['x-death']?.[0]?.reason),
        })
      }
    },
    remove: async () => {
      await Promise.all(connections.map(({ close }) => close()))
      await deleteTopology(channel, topology)
      await inspector.close()
    },
  }
}
