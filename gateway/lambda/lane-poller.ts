import type { LaneRecord } from '../../core/domain/job.ts'
import { isBulkLane, type Lane, type LaneCounts, laneNames } from '../../core/domain/lanes.ts'
import type { Clock, LaneConsumer, Subscription } from '../../core/ports.ts'
import type { Handlers } from './handlers.ts'

type RabbitMqEvent = Parameters<Handlers['deliver']>[0]
type RabbitMqRecord = RabbitMqEvent['rmqMessagesByQueue'][string][number]

type Options = {
  readonly consumer: LaneConsumer
  readonly counts: LaneCounts
  /** Invokes the deliver function; a rejection brings the whole batch again. */
  readonly deliver: (event: RabbitMqEvent) => Promise<void>
  /** Most records in a batch. Default: 100, the default of Lambda's event source. */
  readonly batchSize?: number
  /**
   * The same for bulk lanes. Default: 1,000. Their jobs are small, and what a batch has for the same members goes out
   * together: the more a large room falls behind, the fewer frames it takes to catch up.
   */
  readonly bulkBatchSize?: number
  /** Lambda caps a batch at 6 MB as well: a larger one is handed over in parts. */
  readonly batchBytes?: number
  readonly clock?: Clock
}

/** Lambda's event source for RabbitMQ: one mapping for each lane, one invocation at a time in each. */
export type LanePoller = {
  /** Takes no more batches; resolves when those in hand are done. */
  readonly stop: () => Promise<void>
}

/** @throws whatever `subscribe` throws, with the lanes that were subscribed released again */
export const startLanePoller = async (options: Options): Promise<LanePoller> => {
  const { consumer, counts, batchSize = 100, bulkBatchSize = 1_000 } = options
  const subscribed = await Promise.allSettled(
    laneNames(counts).map((lane) =>
      // A rejection is logged, and waited after, by the consumer, which hands the batch over again.
      consumer.subscribe(lane, (records) => handOver(options, lane, records), {
        batchSize: isBulkLane(lane) ? bulkBatchSize : batchSize,
      }),
    ),
  )
  const subscriptions = subscribed.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const stop = async () => {
    await Promise.all(subscriptions.map((subscription: Subscription) => subscription.stop()))
  }
  const failed = subscribed.find((result) => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return { stop }
}

const handOver = async (
  { deliver, batchBytes = 6_000_000, clock = Date.now }: Options,
  lane: Lane,
  records: readonly LaneRecord[],
): Promise<void> => {
  const timestamp = textTime.format(clock())
  let part: RabbitMqRecord[] = []
  let bytes = 0
  const flush = async () => {
    if (part.length > 0) await deliver(eventOf(lane, part))
    part = []
    bytes = 0
  }
  for (const record of records) {
    const converted = recordOf(lane, record, timestamp)
    if (bytes + converted.data.length > batchBytes) await flush()
    part.push(converted)
    bytes += converted.data.length
  }
  await flush()
}

const eventOf = (lane: Lane, records: readonly RabbitMqRecord[]): RabbitMqEvent => ({
  eventSource: 'aws:rmq',
  eventSourceArn: 'arn:aws:mq:us-east-1:000000000000:broker:gateway:b-00000000-0000-0000-0000-000000000000',
  rmqMessagesByQueue: { [`${lane}::/`]: records },
})

const recordOf = (
  lane: Lane,
  { body, messageId, redelivered }: LaneRecord,
  timestamp: string,
): RabbitMqRecord => {
  const bytes = Buffer.from(body)
  return {
    basicProperties: {
      contentType: 'application/json',
      contentEncoding: null,
      headers: { lane: { bytes: [...Buffer.from(lane)] } },
      deliveryMode: 2,
      priority: null,
      correlationId: null,
      replyTo: null,
      expiration: null,
      messageId,
      timestamp,
      type: null,
      userId: null,
      appId: null,
      clusterId: null,
      bodySize: bytes.byteLength,
    },
    redelivered,
    data: bytes.toString('base64'),
  }
}

/** `Nov 22, 2026, 11:04:05 AM`: a text for people, which is why jobs carry their own times. */
const textTime = new Intl.DateTimeFormat('en-US', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  timeZone: 'UTC',
})
