import { backoffMs, pause } from '../primitives/timing.ts'
import type { LaneRecord } from './job.ts'

/**
 * How often a batch is handed over again, unless said otherwise: some 16 minutes with the pauses in between. A store
 * that is away for minutes must not turn good jobs into dead letters, as RabbitMQ 4's own 20 would. Ours.
 */
export const defaultDeliveryLimit = 200

type Options = {
  /** How often a batch is handed over again before it is given up. */
  readonly deliveryLimit: number
  /** Aborted when the lane is no longer this subscriber's: it is stopping, or was cut off. */
  readonly over: AbortSignal
  readonly onRejection: (error: unknown, rejections: number) => void
}

/**
 * - `done`: the batch was taken
 * - `exhausted`: it was rejected once more than the delivery limit allows
 * - `interrupted`: it was rejected, and is for the lane's next subscriber
 */
type HandOver = 'done' | 'exhausted' | 'interrupted'

/**
 * Hands a batch over until it is taken, as a lane's consumer promises: whole, `redelivered`, and before any later
 * record. It is kept in hand between the attempts, because nothing that a broker offers keeps that promise: a record
 * that is on its way while the batch is returned overtakes it, the batch comes back in pieces, and what was returned
 * with it, though never handed over, counts towards the delivery limit.
 */
export const handOver = async (
  records: readonly LaneRecord[],
  onBatch: (records: readonly LaneRecord[]) => Promise<void>,
  { deliveryLimit, over, onRejection }: Options,
): Promise<HandOver> => {
  for (let rejections = 0; ; ) {
    try {
      await onBatch(rejections === 0 ? records : records.map((record) => ({ ...record, redelivered: true })))
      return 'done'
    } catch (error) {
      // Whatever it was: a rejection asks for the batch to come again.
      rejections++
      onRejection(error, rejections)
    }
    if (rejections > deliveryLimit) return 'exhausted'
    await pause(backoffMs(rejections), over)
    if (over.aborted) return 'interrupted'
  }
}
