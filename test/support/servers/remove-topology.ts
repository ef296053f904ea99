import { connect } from 'amqplib'
import { deleteTopology, type Topology } from '../../../adapters/rabbitmq/topology.ts'

/** Removes a test's queues and exchanges from a broker, by a connection of its own. */
export const removeTopology = async (url: string, topology: Topology): Promise<void> => {
  const connection = await connect(url)
  await deleteTopology(await connection.createChannel(), topology)
  await connection.close()
}
