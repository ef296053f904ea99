import type { LaneRecord } from '../../../core/domain/job.ts'
import { decodeJob, type MessagesJob, type RangeJob, type RetryJob } from '../../../core/domain/job.ts'
import { type Lane, type LaneCounts, laneOf } from '../../../core/domain/lanes.ts'
import { entryOf, messagesJob } from '../builders.ts'

/** A job with entries from `seq` on. */
export const entriesJob = (
  roomId: string,
  seq: number,
  {
    epoch = 'epoch-1',
    count = 1,
    content = 'hello',
  }: { epoch?: string; count?: number; content?: string } = {},
): MessagesJob =>
  messagesJob({
    roomId,
    epoch,
    entries: Array.from({ length: count }, (_, index) => entryOf({ seq: seq + index, content })),
  })

/** A job that no other is ever merged with; `attempt` numbers it. */
export const retryJob = (roomId: string, attempt: number): RetryJob => ({
  v: 1,
  kind: 'retry',
  roomId,
  epoch: 'epoch-1',
  from: 1,
  to: 1,
  connectionIds: ['c-1'],
  attempt,
})

/** A job for one part of a large room; `from` numbers it. */
export const rangeJob = (roomId: string, from: number, fields: Partial<RangeJob> = {}): RangeJob => ({
  v: 1,
  kind: 'range',
  roomId,
  epoch: 'epoch-1',
  from,
  to: from,
  slots: { first: '0000', last: '0fff' },
  ...fields,
})

/** Ids of rooms whose jobs take this lane. */
export const roomsIn = (lane: Lane, counts: LaneCounts, howMany: number): readonly string[] => {
  const rooms: string[] = []
  for (let number = 0; rooms.length < howMany; number++) {
    if (laneOf(`room-${number}`, counts) === lane) rooms.push(`room-${number}`)
  }
  return rooms
}

/** What the records say of a room, in their order: the seqs of entries, the first of ranges, the attempts of retries. */
export const numbersOf = (records: readonly LaneRecord[], roomId: string): readonly number[] =>
  records.flatMap(({ body }) => {
    const job = decodeJob(body)
    if (job?.roomId !== roomId) return []
    if (job.kind === 'range') return [job.from]
    return job.kind === 'messages' ? job.entries.map(({ seq }) => seq) : [job.attempt]
  })

export const upTo = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index + 1)
