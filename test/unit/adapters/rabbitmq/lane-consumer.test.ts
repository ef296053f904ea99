import { expect, test, vi } from 'vitest'
import { makeLaneConsumer } from '../../../../adapters/rabbitmq/lane-consumer.ts'
import { describeTopology } from '../../../../adapters/rabbitmq/topology.ts'
import { makeTelemetry } from '../../../memory/telemetry.ts'

test('a subscription outlives a defect, says so each time, and ends only when it is stopped', async () => {
  const telemetry = makeTelemetry()
  const defect = new TypeError('a defect')
  const connection = { open: () => Promise.reject(defect), close: async () => undefined }
  const topology = describeTopology({ lanes: 1, bulkLanes: 0 })
  const consumer = makeLaneConsumer({ connection, topology, telemetry })

  const { stop } = await consumer.subscribe('lane.0', async () => undefined, { batchSize: 1 })

  await vi.waitFor(() => expect(telemetry.errors.length).toBeGreaterThanOrEqual(3), { timeout: 5000 })
  expect(new Set(telemetry.errors.map(({ error }) => error))).toEqual(new Set([defect]))
  await stop()
})
