import type { LaneRecord } from '../../core/domain/job.ts'
import { batchSizeOf, isBulkLane, type Lane, type LaneCounts, laneNames } from '../../core/domain/lanes.ts'
import type { Clock, LaneConsumer, Subscription } from '../../core/ports.ts'
import type { Handlers } from './handlers.ts'

type RabbitMqEvent = Parameters<Handlers['deliver']>[0]
type RabbitMqRecord = RabbitMqEvent['rmqMessagesByQueue'][string][number]

type Options = {
  readonly consumer: LaneConsumer
  readonly counts: LaneCounts
  /** Invokes the deliver function. After a rejection, the whole batch is delivered again. */
  readonly deliver: (event: RabbitMqEvent) => Promise<void>
  /** Maximum number of records in a batch. Default: `batchSizeOf`. */
  readonly batchSize?: number
  /** Maximum number of records in a batch of a bulk lane. Default: `batchSizeOf`. */
  readonly bulkBatchSize?: number
  /** Maximum size of a batch in bytes; larger ones are split. Default: 6 MB, Lambda's limit of a payload. */
  readonly batchBytes?: number
  readonly clock?: Clock
}

/** Stands in for Lambda's event source for RabbitMQ: one mapping per lane, one invocation at a time in each. */
export type LanePoller = {
  /** Takes no further batch; resolves when the batches in flight are done. */
  readonly stop: () => Promise<void>
}

/** Subscribes to all lanes. @throws the error of `subscribe`, after releasing the lanes that were subscribed */
export const startLanePoller = async (options: Options): Promise<LanePoller> => {
  const { consumer, counts, batchSize, bulkBatchSize } = options
  const subscribed = await Promise.allSettled(
    laneNames(counts).map((lane) =>
      // The consumer logs a rejection, waits, and delivers the batch again.
      consumer.subscribe(lane, (records) => handOver(options, lane, records), {
        batchSize: (isBulkLane(lane) ? bulkBatchSize : batchSize) ?? batchSizeOf(lane),
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

/** Format of the event's timestamp, such as `Nov 22, 2026, 11:04:05 AM`. Jobs carry times of their own instead. */
const textTime = new Intl.DateTimeFormat('en-US', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  timeZone: 'UTC',
})
