import { fnv1a } from '../primitives/fnv1a.ts'
import { type Job, slotsOf } from './job.ts'
import type { SlotRange } from './slots.ts'

/** How many lanes there are. They run beside each other; what goes to the same members takes one of them. */
export type LaneCounts = {
  readonly lanes: number
  /** Lanes for the parts of large rooms, so that small rooms never wait behind them. */
  readonly bulkLanes: number
}

/** A lane's name, `lane.0` or `bulk.3`: the routing key of its jobs. */
export type Lane = string

export const laneNames = ({ lanes, bulkLanes }: LaneCounts): readonly Lane[] => [
  ...Array.from({ length: lanes }, (_, index) => `lane.${index}`),
  ...Array.from({ length: bulkLanes }, (_, index) => `bulk.${index}`),
]

/** The one lane of a room: the same for every publisher that knows the same counts. */
export const laneOf = (roomId: string, { lanes }: LaneCounts): Lane => `lane.${fnv1a(roomId) % lanes}`

/** Whether a lane is one for the parts of large rooms. */
export const isBulkLane = (lane: Lane): boolean => lane.startsWith('bulk.')

/** The one lane of a job. Whoever is served by parts gets everything from the bulk lane of their part. */
export const laneOfJob = (job: Job, counts: LaneCounts): Lane => {
  const slots = slotsOf(job)
  return slots ? bulkLaneOf(job.roomId, slots, counts) : laneOf(job.roomId, counts)
}

/** Neighbours take turns: by a hash of both, one lane might get most parts of a room, and the room wait for it. */
const bulkLaneOf = (roomId: string, { first }: SlotRange, { bulkLanes }: LaneCounts): Lane =>
  `bulk.${(fnv1a(roomId) + Number.parseInt(first.charAt(0), 16)) % bulkLanes}`

/** The delays that a job can be published with, in ms, ascending. Each is a queue of its own in the broker. */
export const laneDelaysMs: readonly number[] = [1_000, 5_000, 30_000]

/** The shortest delay that is at least this long. @throws RangeError if all are shorter, which is a defect */
export const delayAtLeast = (ms: number): number => {
  const delayMs = laneDelaysMs.find((delay) => delay >= ms)
  if (delayMs === undefined) {
    throw new RangeError(`No delay of ${ms} ms; the longest is ${laneDelaysMs.at(-1)} ms`)
  }
  return delayMs
}
