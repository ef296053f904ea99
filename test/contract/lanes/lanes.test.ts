import { inject } from 'vitest'
import { makeLanes } from '../../../adapters/embedded/lanes.ts'
import { makeTelemetry } from '../../memory/telemetry.ts'
import { startRabbitMqLanes } from '../../support/lanes/rabbitmq-lanes.ts'
import { lanesContract } from './lanes.contract.ts'

lanesContract('memory', async () => {
  const laneCounts = { lanes: 2, bulkLanes: 1 }
  const deliveryLimit = 2
  const lanes = makeLanes({ laneCounts, deliveryLimit, telemetry: makeTelemetry() })
  return {
    laneCounts,
    deliveryLimit,
    publisher: lanes.publisher,
    otherPublisher: lanes.publisher,
    consumer: lanes.consumer,
    put: async (lane, body) => lanes.put(lane, body),
    deadLetters: async () => lanes.deadLetters(),
    remove: async () => undefined,
  }
})

const rabbitMq = inject('rabbitMq')
if (rabbitMq !== null) lanesContract('RabbitMQ', () => startRabbitMqLanes(rabbitMq))
