import { backoffMs, pause } from '../primitives/timing.ts'
import type { LaneRecord } from './job.ts'

/**
 * Default number of redeliveries of a batch: about 16 minutes with the pauses in between (our choice). A store that is
 * unavailable for minutes must not turn good jobs into dead letters, as RabbitMQ 4's default of 20 would.
 */
export const defaultDeliveryLimit = 200

type Options = {
  /** Number of redeliveries before a batch is given up. */
  readonly deliveryLimit: number
  /** Signal that is aborted when this subscriber stops or loses the lane. */
  readonly over: AbortSignal
  readonly onRejection: (error: unknown, rejections: number) => void
}

/**
 * Outcome of a delivery:
 *
 * - `done`: the batch was accepted
 * - `exhausted`: the batch was rejected more often than the limit allows
 * - `interrupted`: the batch was rejected and is left to the lane's next subscriber
 */
type HandOver = 'done' | 'exhausted' | 'interrupted'

/**
 * Delivers a batch until it is accepted: whole, `redelivered`, and before any later record. The batch stays with the
 * consumer between attempts, because no feature of a broker keeps that promise:
 *
 * - a record in transit overtakes a returned batch
 * - a returned batch comes back in pieces
 * - records that are returned with it count towards the delivery limit although they were never delivered
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
      // Any rejection asks for another delivery.
      rejections++
      onRejection(error, rejections)
    }
    if (rejections > deliveryLimit) return 'exhausted'
    await pause(backoffMs(rejections), over)
    if (over.aborted) return 'interrupted'
  }
}
