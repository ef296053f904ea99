import { makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { declareTopology } from '../../adapters/rabbitmq/topology.ts'
import { makeHandler } from '../declare-topology.ts'
import { brokerAddressOf, topologyOf } from './broker.ts'
import { brokerSettings, read, telemetrySettings } from './environment.ts'
import { telemetryOf } from './telemetry.ts'

const settings = read({ ...telemetrySettings, ...brokerSettings })
const { telemetry, observed } = telemetryOf(settings)
const topology = topologyOf(settings)

export const handler = observed(
  makeHandler({
    topologyId: topology.jobsExchange,
    declare: async () => {
      const connection = makeBrokerConnection({
        url: brokerAddressOf(settings),
        telemetry,
        prepare: (channel) => declareTopology(channel, topology),
      })
      await connection.open()
      await connection.close()
    },
  }),
)
