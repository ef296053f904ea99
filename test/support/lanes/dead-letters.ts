import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'
import { type BrokerConnection, makeBrokerConnection } from '../../../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../../../adapters/rabbitmq/lane-consumer.ts'
import { makeDeadLetters } from '../../../adapters/rabbitmq/maintenance/dead-letters.ts'
import { makeRoomPublisher } from '../../../adapters/rabbitmq/room-publisher.ts'
import { declareTopology, deleteTopology } from '../../../adapters/rabbitmq/topology.ts'
import { makeTelemetry } from '../../memory/telemetry.ts'
import { ownTopology } from './rabbitmq-lanes.ts'
import { soon } from './record-reader.ts'

/** Lanes and dead letters on a real broker, and what it takes to fill them and to look at them. */
export const startDeadLetters = async (url: string) => {
  const topology = ownTopology()
  const telemetry = makeTelemetry()
  const connections: BrokerConnection[] = []
  const connectTo = (address: string) => () => {
    const connection = makeBrokerConnection({ url: address, telemetry })
    connections.push(connection)
    return connection
  }
  const inspector = await connect(url, { noDelay: true })
  const channel = await inspector.createConfirmChannel()
  await declareTopology(channel, topology)
  const common = { topology, telemetry, newId: randomUUID }
  const publisher = makeRoomPublisher({ ...common, connection: connectTo(url)() })
  const waiting = async () => (await channel.checkQueue(topology.deadLetterQueue)).messageCount

  return {
    topology,
    publisher,
    channel,
    waiting,
    consumer: makeLaneConsumer({ connection: connectTo(url)(), topology, telemetry }),
    deadLettersAt: (address: string, options: { readonly patienceMs?: number } = {}) =>
      makeDeadLetters({ ...common, ...options, connect: connectTo(address) }),
    /** Sets these aside, in their order. */
    deadLetter: async (bodies: readonly string[], reason = 'not served') => {
      const before = await waiting()
      // Not more at once than a busy broker confirms in time.
      for (let from = 0; from < bodies.length; from += 100) {
        await Promise.all(bodies.slice(from, from + 100).map((body) => publisher.deadLetter(body, reason)))
      }
      await soon(async () => {
        if ((await waiting()) < before + bodies.length) throw new Error('Not all of them are there yet')
      })
    },
    remove: async () => {
      await Promise.all(connections.map(({ close }) => close()))
      await deleteTopology(channel, topology)
      await inspector.close()
    },
  }
}

export type DeadLettersUnderTest = Awaited<ReturnType<typeof startDeadLetters>>
