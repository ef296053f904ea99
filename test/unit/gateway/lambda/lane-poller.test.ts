import { describe, expect, test } from 'vitest'
import type { LaneRecord } from '../../../../core/domain/job.ts'
import type { LaneConsumer } from '../../../../core/ports.ts'
import { startLanePoller } from '../../../../gateway/lambda/lane-poller.ts'
import type { RabbitMqEvent } from '../../../../lambdas/aws/events.ts'

type OnBatch = (records: readonly LaneRecord[]) => Promise<void>

/** Lanes to which a test hands batches itself. */
const makeLanes = (broken: readonly string[] = []) => {
  const subscribed = new Map<string, { onBatch: OnBatch; batchSize: number }>()
  const stopped: string[] = []
  const consumer: LaneConsumer = {
    subscribe: async (lane, onBatch, { batchSize }) => {
      if (broken.includes(lane)) throw new Error(`No ${lane}`)
      subscribed.set(lane, { onBatch, batchSize })
      return {
        stop: async () => {
          stopped.push(lane)
        },
      }
    },
  }
  const hand = async (lane: string, records: readonly LaneRecord[]) => subscribed.get(lane)?.onBatch(records)
  return { consumer, subscribed, stopped, hand }
}

const recordOf = (body: string, redelivered = false): LaneRecord => ({
  body,
  redelivered,
  messageId: `id-${body}`,
})

const clock = () => Date.UTC(2026, 10, 22, 11, 4, 5)

const start = async (deliver: (event: RabbitMqEvent) => Promise<void>, options = {}) => {
  const lanes = makeLanes()
  const counts = { lanes: 2, bulkLanes: 1 }
  const poller = await startLanePoller({ consumer: lanes.consumer, counts, deliver, clock, ...options })
  return { lanes, poller }
}

describe('lane poller', () => {
  test('23 hands the function the event that Lambda would', async () => {
    const events: RabbitMqEvent[] = []
    const { lanes } = await start(async (event) => {
      events.push(event)
    })
    await lanes.hand('lane.1', [recordOf('grüß'), recordOf('b', true)])
    expect(events).toEqual([
      {
        eventSource: 'aws:rmq',
        eventSourceArn: expect.stringMatching(/^arn:aws:mq:/),
        rmqMessagesByQueue: {
          'lane.1::/': [
            {
              basicProperties: {
                contentType: 'application/json',
                contentEncoding: null,
                headers: { lane: { bytes: [108, 97, 110, 101, 46, 49] } },
                deliveryMode: 2,
                priority: null,
                correlationId: null,
                replyTo: null,
                expiration: null,
                messageId: 'id-grüß',
                timestamp: 'Nov 22, 2026, 11:04:05 AM',
                type: null,
                userId: null,
                appId: null,
                clusterId: null,
                bodySize: 6,
              },
              redelivered: false,
              data: Buffer.from('grüß').toString('base64'),
            },
            expect.objectContaining({ redelivered: true, data: 'Yg==' }),
          ],
        },
      },
    ])
  })

  test('24 polls every lane, with batches of 100, in bulk lanes of 1,000, unless told otherwise', async () => {
    const { lanes } = await start(async () => undefined)
    expect([...lanes.subscribed.keys()]).toEqual(['lane.0', 'lane.1', 'bulk.0'])
    const sizesOf = ({ subscribed }: typeof lanes) =>
      [...subscribed.values()].map(({ batchSize }) => batchSize)
    expect(sizesOf(lanes)).toEqual([100, 100, 1_000])
    const { lanes: others } = await start(async () => undefined, { batchSize: 7, bulkBatchSize: 9 })
    expect(sizesOf(others)).toEqual([7, 7, 9])
  })

  test('24 a batch beyond 6 MB is handed over in parts, in order', async () => {
    const sizes: number[] = []
    const { lanes } = await start(
      async ({ rmqMessagesByQueue }) => {
        sizes.push(rmqMessagesByQueue['lane.0::/']?.length ?? 0)
      },
      { batchBytes: 30 },
    )
    await lanes.hand(
      'lane.0',
      ['aaaaaaaaa', 'bbbbbbbbb', 'ccccccccc', 'd'.repeat(100)].map((body) => recordOf(body)),
    )
    expect(sizes).toEqual([2, 1, 1])
  })

  test('25 a throw rejects the whole batch, and the next attempt may succeed', async () => {
    let attempts = 0
    const { lanes } = await start(async () => {
      if (++attempts === 1) throw new Error('no store')
    })
    const batch = [recordOf('a'), recordOf('b')]
    await expect(lanes.hand('lane.0', batch)).rejects.toThrow('no store')
    await lanes.hand('lane.0', batch)
    expect(attempts).toBe(2)
  })

  test('a lane that can not be subscribed fails the start and releases the others', async () => {
    const lanes = makeLanes(['lane.1'])
    const started = startLanePoller({
      consumer: lanes.consumer,
      counts: { lanes: 3, bulkLanes: 0 },
      deliver: async () => undefined,
    })
    await expect(started).rejects.toThrow('No lane.1')
    expect(lanes.stopped).toEqual(['lane.0', 'lane.2'])
  })
})
