import { expect, it } from 'vitest'
import { makeTelemetry } from '../../../../adapters/memory/telemetry.ts'

it('keeps warnings and errors in their order, and adds up counters', () => {
  const telemetry = makeTelemetry()
  const error = new Error('defect')
  telemetry.info('started')
  telemetry.warn('slow')
  telemetry.error('broken', error)
  telemetry.warn('slower')
  telemetry.count('posts')
  telemetry.count('posts', 4)
  expect(telemetry.warnings).toEqual(['slow', 'slower'])
  expect(telemetry.errors).toEqual([{ message: 'broken', error }])
  expect([...telemetry.counts]).toEqual([['posts', 5]])
})
