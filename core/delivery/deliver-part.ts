import { audienceName, type RangeJob } from '../domain/job.ts'
import type { SlotRange } from '../domain/slots.ts'
import type { Clock, RoomDirectory, RoomPublisher } from '../ports.ts'
import type { BoundedMap } from '../primitives/bounded-map.ts'
import type { makeReadBatches } from './batches.ts'
import { deliveredAfter, planDelivery, type SeqRange } from './plan.ts'
import { lateDelayMs, type makeServeMembers } from './serve-members.ts'

type Deps = {
  readonly directory: RoomDirectory
  readonly publisher: RoomPublisher
  readonly clock: Clock
  readonly delivered: BoundedMap<string, SeqRange>
  readonly readBatches: ReturnType<typeof makeReadBatches>
  readonly serve: ReturnType<typeof makeServeMembers>
  readonly deadlineMs: number
}

/**
 * Delivers range jobs to the members of one part of a large room, page by page, so that memory is bounded. The rest after
 * the deadline returns to the lane.
 *
 * A client that joins after the split misses nothing. A job is made after its entries are stored, and a join writes its
 * row before it reads the log. So a row that is not seen here is written later, and its join sees the entries.
 */
export const makeDeliverPart =
  (deps: Deps) =>
  async (roomId: string, slots: SlotRange, jobs: readonly RangeJob[]): Promise<void> => {
    const { directory, publisher, clock, delivered, readBatches, serve, deadlineMs } = deps
    const audience = audienceName(roomId, slots)
    for (const { epoch, from, to } of planDelivery(jobs, delivered.get(audience))) {
      for await (const batch of readBatches(roomId, { epoch, from, to })) {
        if (clock() >= deadlineMs) {
          const left: RangeJob = { v: 1, kind: 'range', roomId, epoch, from: batch.from, to, slots }
          await publisher.publish(left, { delayMs: lateDelayMs })
          break
        }
        for await (const members of directory.members(roomId, slots)) {
          await serve({ ...batch, slots }, members, 0)
        }
        delivered.set(audience, deliveredAfter(delivered.get(audience), { epoch, from, to: batch.to }))
      }
    }
  }
