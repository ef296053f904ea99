import type { RangeJob } from '../domain/job.ts'
import { slotRanges } from '../domain/slots.ts'
import type { RoomPublisher, Telemetry } from '../ports.ts'
import type { SeqRange } from './plan.ts'

type Deps = { readonly publisher: RoomPublisher; readonly telemetry: Telemetry }

/**
 * Publishes a range of a room's log to the bulk lanes, one job for each part of its members.
 *
 * @throws ChatError `unavailable`: some jobs may be in their lanes. All can be published again, because the consumer of a
 * part drops what it has delivered.
 */
export const makeSplitRoom =
  ({ publisher, telemetry }: Deps) =>
  async (roomId: string, { epoch, from, to }: SeqRange): Promise<void> => {
    const jobs = slotRanges.map(
      (slots): RangeJob => ({ v: 1, kind: 'range', roomId, epoch, from, to, slots }),
    )
    // The batch may return only after all publishes have settled; otherwise a pending one would be overtaken.
    const outcomes = await Promise.allSettled(jobs.map((job) => publisher.publish(job)))
    const failure = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failure) throw failure.reason
    telemetry.count('room.split')
  }
