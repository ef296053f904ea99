import type { LaneRecord } from '../../core/domain/job.ts'
import type { Lane as LaneName } from '../../core/domain/lanes.ts'
import { handOver } from '../../core/domain/redelivery.ts'
import type { Subscription, Telemetry } from '../../core/ports.ts'

type OnBatch = (records: readonly LaneRecord[]) => Promise<void>

type Deps = {
  readonly name: LaneName
  readonly deliveryLimit: number
  readonly telemetry: Telemetry
  readonly deadLetter: (body: string, reason: string) => void
}

type Subscriber = {
  readonly onBatch: OnBatch
  readonly batchSize: number
  readonly stopping: AbortSignal
  /** Ends the wait for work. */
  wake: () => void
}

/** Creates a lane: a queue with subscribers, of which the first is active. */
export const makeLane = ({ name, deliveryLimit, telemetry, deadLetter }: Deps) => {
  const queue: LaneRecord[] = []
  const subscribers: Subscriber[] = []

  const settleNext = async ({ onBatch, batchSize, stopping }: Subscriber) => {
    const batch = queue.splice(0, batchSize)
    const outcome = await handOver(batch, onBatch, {
      deliveryLimit,
      over: stopping,
      onRejection: (error, rejections) =>
        telemetry.error('A batch was rejected', error, {
          lane: name,
          rejections,
          records: batch.length,
        }),
    })
    if (outcome === 'interrupted') queue.unshift(...batch.map(asRedelivered))
    if (outcome === 'exhausted') {
      for (const { body } of batch) deadLetter(body, 'rejected')
      telemetry.count('deadLettered', batch.length)
    }
  }

  const work = async (subscriber: Subscriber) => {
    while (!subscriber.stopping.aborted) {
      const hasWork = subscribers[0] === subscriber && queue.length > 0
      await (hasWork ? settleNext(subscriber) : untilWoken(subscriber))
    }
    subscribers.splice(subscribers.indexOf(subscriber), 1)
    subscribers[0]?.wake()
  }

  const subscribe = (onBatch: OnBatch, batchSize: number): Subscription => {
    const stopping = new AbortController()
    const subscriber = { onBatch, batchSize, stopping: stopping.signal, wake: () => undefined }
    subscribers.push(subscriber)
    const working = work(subscriber)
    return {
      stop: async () => {
        stopping.abort()
        subscriber.wake()
        await working
      },
    }
  }

  const put = ({ body, messageId }: Pick<LaneRecord, 'body' | 'messageId'>) => {
    queue.push({ body, messageId, redelivered: false })
    subscribers[0]?.wake()
  }
  return { put, subscribe }
}

const asRedelivered = (record: LaneRecord): LaneRecord => ({ ...record, redelivered: true })

const untilWoken = (subscriber: Subscriber): Promise<void> =>
  new Promise((resolve) => {
    subscriber.wake = resolve
  })
