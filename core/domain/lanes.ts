import { fnv1a } from '../primitives/fnv1a.ts'
import { type Job, slotsOf } from './job.ts'
import type { SlotRange } from './slots.ts'

/** Number of lanes. They run in parallel; all jobs for the same members use one lane. */
export type LaneCounts = {
  /** Lanes of rooms. */
  readonly lanes: number
  /** Lanes for parts of large rooms, so that small rooms never wait behind them. */
  readonly bulkLanes: number
}

/** Name of a lane, such as `lane.0` or `bulk.3`; also the routing key of its jobs. */
export type Lane = string

/** Lists the names of all lanes. */
export const laneNames = ({ lanes, bulkLanes }: LaneCounts): readonly Lane[] => [
  ...Array.from({ length: lanes }, (_, index) => `lane.${index}`),
  ...Array.from({ length: bulkLanes }, (_, index) => `bulk.${index}`),
]

/** Returns the lane of a room, the same for every publisher with the same counts. */
export const laneOf = (roomId: string, { lanes }: LaneCounts): Lane => `lane.${fnv1a(roomId) % lanes}`

/** Tells whether a lane is for parts of large rooms. */
export const isBulkLane = (lane: Lane): boolean => lane.startsWith('bulk.')

/**
 * Maximum records of a batch in the gateway's poller and in Lambda's mappings: Lambda's default for lanes, and 1,000 for
 * bulk lanes. Jobs of bulk lanes are small, and jobs for the same members share frames (our choice).
 */
export const batchSizeOf = (lane: Lane): number => (isBulkLane(lane) ? 1_000 : 100)

/** Returns the lane of a job. Members of a large room get everything from the bulk lane of their part. */
export const laneOfJob = (job: Job, counts: LaneCounts): Lane => {
  const slots = slotsOf(job)
  return slots ? bulkLaneOf(job.roomId, slots, counts) : laneOf(job.roomId, counts)
}

/** Distributes neighbouring parts in turn: a hash of room and part could send most parts of a room to one lane. */
const bulkLaneOf = (roomId: string, { first }: SlotRange, { bulkLanes }: LaneCounts): Lane =>
  `bulk.${(fnv1a(roomId) + Number.parseInt(first.charAt(0), 16)) % bulkLanes}`

/** Delays with which a job can be published, in ms, ascending. Each has its own queue in the broker. */
export const laneDelaysMs: readonly number[] = [1_000, 5_000, 30_000]

/** Returns the shortest delay of at least `ms`. @throws RangeError if all are shorter, which is a defect */
export const delayAtLeast = (ms: number): number => {
  const delayMs = laneDelaysMs.find((delay) => delay >= ms)
  if (delayMs === undefined) {
    throw new RangeError(`No delay of ${ms} ms; the longest is ${laneDelaysMs.at(-1)} ms`)
  }
  return delayMs
}
