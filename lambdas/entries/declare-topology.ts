import { makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { retireTopology } from '../../adapters/rabbitmq/maintenance/retire-topology.ts'
import { declareTopology, topologyAt } from '../../adapters/rabbitmq/topology.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import { makeDeclareTopologyHandler } from '../handlers/declare-topology.ts'
import { brokerAddressOf, topologyOf } from '../wiring/broker.ts'
import { brokerSettings, read, telemetrySettings } from '../wiring/environment.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const settings = read({ ...telemetrySettings, ...brokerSettings })
const { telemetry, observed } = telemetryOf(settings)
const topology = topologyOf(settings)
const url = brokerAddressOf(settings)

export const handler = observed(
  makeDeclareTopologyHandler({
    topologyId: topology.jobsExchange,
    declare: async () => {
      const connection = makeBrokerConnection({
        url,
        telemetry,
        prepare: (channel) => declareTopology(channel, topology),
      })
      await connection.open()
      await connection.close()
    },
    retire: async (topologyId) => {
      const retired = topologyAt(topologyId)
      if (retired === undefined) {
        telemetry.warn('The previous topology has an unknown name; its queues are left in place', {
          topologyId,
        })
        return
      }
      await retireTopology(
        { retired, current: topology },
        {
          connect: () => makeBrokerConnection({ url, telemetry }),
          newId: makeIdSource({ clock: systemClock }),
          telemetry,
        },
      )
    },
  }),
)
