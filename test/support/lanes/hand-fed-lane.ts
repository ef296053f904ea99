import type { LaneRecord } from '../../../core/domain/job.ts'
import type { LaneConsumer } from '../../../core/ports.ts'

/** A consumer of one lane, whose batches a test hands over. */
export const makeHandFedLane = () => {
  let stopped = false
  let batch = Promise.resolve()
  const acked = Promise.withResolvers<void>()
  let onBatch: ((records: readonly LaneRecord[]) => Promise<void>) | undefined
  const consumer: LaneConsumer = {
    subscribe: async (_, handler) => {
      onBatch = handler
      return {
        stop: async () => {
          stopped = true
          await batch.catch(() => undefined) // whoever handed it over has the failure
          await acked.promise
        },
      }
    },
  }
  return {
    consumer,
    stopped: () => stopped,
    /** Lets the broker have the acknowledgement of the batch in hand. */
    ack: acked.resolve,
    hand: (records: readonly LaneRecord[]) => {
      batch = onBatch?.(records) ?? Promise.reject(new Error('Nobody subscribed'))
      return batch
    },
  }
}
