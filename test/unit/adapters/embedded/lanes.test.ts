import { describe, expect, test } from 'vitest'
import { makeLanes } from '../../../../adapters/embedded/lanes.ts'
import { makeTelemetry } from '../../../memory/telemetry.ts'

describe('lanes in memory', () => {
  const lanes = () => makeLanes({ laneCounts: { lanes: 1, bulkLanes: 0 }, telemetry: makeTelemetry() })

  test('keeps the newest 1,000 dead letters', async () => {
    const { publisher, deadLetters } = lanes()
    for (let n = 1; n <= 1_005; n++) await publisher.deadLetter(`body ${n}`, 'not a job')
    expect(deadLetters()).toHaveLength(1_000)
    expect(deadLetters()[0]).toEqual({ body: 'body 6', reason: 'not a job' })
  })

  test('knows the lanes of its counts only', async () => {
    const { consumer, put } = lanes()
    expect(() => put('lane.1', 'body')).toThrow('There is no lane lane.1')
    const subscribing = consumer.subscribe('bulk.0', async () => undefined, { batchSize: 1 })
    await expect(subscribing).rejects.toThrow('There is no lane bulk.0')
  })

  test('gives each record an id of its own', async () => {
    const { consumer, put } = lanes()
    for (const body of ['1', '2', '3']) put('lane.0', body)
    const ids = new Set<string>()
    const { stop } = await consumer.subscribe(
      'lane.0',
      async (records) => {
        for (const { messageId } of records) ids.add(messageId)
      },
      { batchSize: 3 },
    )
    await stop()
    expect(ids.size).toBe(3)
  })
})
