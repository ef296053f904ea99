import { expect, it } from 'vitest'
import { makeTelemetry } from '../../memory/telemetry.ts'

it('keeps warnings and errors in their order, and adds up counters', () => {
  const telemetry = makeTelemetry()
  const error = new Error('defect')
  telemetry.info('started')
  telemetry.warn('slow')
  telemetry.error('broken', error)
  telemetry.warn('slower')
  telemetry.count('post.sent')
  telemetry.count('post.sent', 4)
  expect(telemetry.warnings).toEqual(['slow', 'slower'])
  expect(telemetry.errors).toEqual([{ message: 'broken', error }])
  telemetry.measure('delivery.ms', 12)
  telemetry.measure('delivery.ms', 8)
  expect([...telemetry.counts]).toEqual([['post.sent', 5]])
  expect([...telemetry.measured]).toEqual([['delivery.ms', [12, 8]]])
})
