import { expect, vi } from 'vitest'
import type { LaneRecord } from '../../../core/domain/job.ts'
import type { Lane } from '../../../core/domain/lanes.ts'
import type { LaneConsumer } from '../../../core/ports.ts'

export type RecordReader = {
  /** Every batch that was handed over, in order, rejected ones too. */
  readonly batches: readonly (readonly LaneRecord[])[]
  /** The records of the batches that were taken. */
  readonly taken: readonly LaneRecord[]
  /** Most batches that were in hand at the same time. */
  readonly mostAtOnce: () => number
  readonly untilTaken: (count: number) => Promise<void>
  readonly stop: () => Promise<void>
}

type Options = {
  readonly batchSize?: number
  /** Rejects to refuse a batch; awaited before a batch counts as taken. */
  readonly onBatch?: (records: readonly LaneRecord[]) => Promise<void>
}

/** Subscribes to a lane and keeps what is handed over. */
export const readLane = async (
  consumer: LaneConsumer,
  lane: Lane,
  { batchSize = 10, onBatch }: Options = {},
): Promise<RecordReader> => {
  const batches: (readonly LaneRecord[])[] = []
  const taken: LaneRecord[] = []
  let inFlight = 0
  let most = 0
  const { stop } = await consumer.subscribe(
    lane,
    async (records) => {
      batches.push(records)
      most = Math.max(most, ++inFlight)
      try {
        await onBatch?.(records)
        taken.push(...records)
      } finally {
        inFlight--
      }
    },
    { batchSize },
  )
  return {
    batches,
    taken,
    mostAtOnce: () => most,
    untilTaken: (count) => soon(() => expect(taken.length).toBeGreaterThanOrEqual(count)),
    stop,
  }
}

/** Waits until the assertion holds, and fails with it after 10 s. */
export const soon = (assertion: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(assertion, { timeout: 10_000, interval: 5 })
