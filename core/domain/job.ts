import * as v from 'valibot'
import { parseJson } from '../../protocol/parse-json.ts'
import type { Entry } from './entry.ts'
import type { SlotRange } from './slots.ts'

/**
 * A record of a lane. Every job carries its version `v`, because publishers and consumers of two versions run at the same
 * time during a deployment.
 */
export type Job = MessagesJob | RangeJob | RetryJob

/** Job to deliver entries to every member of a room. `entries` is contiguous and ascending. */
export type MessagesJob = {
  readonly v: 1
  readonly kind: 'messages'
  readonly roomId: string
  readonly epoch: string
  readonly entries: readonly Entry[]
}

/**
 * Job to deliver entries to one part of a large room. It only names the entries, so that its size does not depend on the
 * room or the messages; the consumer reads the log.
 */
export type RangeJob = {
  readonly v: 1
  readonly kind: 'range'
  readonly roomId: string
  readonly epoch: string
  /** First seq. */
  readonly from: number
  /** Last seq. */
  readonly to: number
  readonly slots: SlotRange
}

/** Job to deliver a range of a room's log again to connections that could not be served. */
export type RetryJob = {
  readonly v: 1
  readonly kind: 'retry'
  readonly roomId: string
  readonly epoch: string
  /** First seq. */
  readonly from: number
  /** Last seq. */
  readonly to: number
  readonly connectionIds: readonly string[]
  /** Range of slots of all these connections, if the retry comes from a RangeJob. */
  readonly slots?: SlotRange
  /** Number of the retry from 1; 0 if there was no time for the first try. */
  readonly attempt: number
}

/** A record of a lane, as the broker delivers it. */
export type LaneRecord = {
  readonly body: string
  /** True if it was delivered to a consumer before. */
  readonly redelivered: boolean
  /** Id of the record, the same for all deliveries. */
  readonly messageId: string
}

/** Returns the range of slots that a job is for; undefined means all members of its room. */
export const slotsOf = (job: Job): SlotRange | undefined => (job.kind === 'messages' ? undefined : job.slots)

/** Returns the name of a job's audience. Jobs of one audience take the same lane, in order. */
export const audienceOf = (job: Job): string => audienceName(job.roomId, slotsOf(job))

/** Returns the name of an audience. Room ids do not contain `#`. */
export const audienceName = (roomId: string, slots: SlotRange | undefined): string =>
  slots ? `${roomId}#${slots.first}-${slots.last}` : roomId

/** Encodes a job as the body of a record. */
export const encodeJob = (job: Job): string => JSON.stringify(job)

/** Reason of dead letters that `decodeJob` does not know. */
export const noJobReason = 'not a job that this version knows'

/** Decodes the body of a record; undefined for a body that this version does not know. */
export const decodeJob = (body: string): Job | undefined => {
  const parsed = v.safeParse(JobSchema, parseJson(body))
  return parsed.success ? parsed.output : undefined
}

const seq = v.pipe(v.number(), v.safeInteger(), v.minValue(1))

const slot = v.pipe(v.string(), v.regex(/^[0-9a-f]{4}$/))
const SlotRangeSchema = v.object({ first: slot, last: slot })

const EntrySchema = v.object({
  seq,
  kind: v.literal('text'),
  messageId: v.string(),
  clientMessageId: v.exactOptional(v.string()),
  sender: v.object({ userId: v.string(), name: v.exactOptional(v.string()) }),
  content: v.string(),
  attributes: v.exactOptional(v.record(v.string(), v.string())),
  sentAtMs: v.number(),
})

const JobSchema = v.variant('kind', [
  v.object({
    v: v.literal(1),
    kind: v.literal('messages'),
    roomId: v.string(),
    epoch: v.string(),
    entries: v.pipe(v.array(EntrySchema), v.minLength(1)),
  }),
  v.pipe(
    v.object({
      v: v.literal(1),
      kind: v.literal('range'),
      roomId: v.string(),
      epoch: v.string(),
      from: seq,
      to: seq,
      slots: SlotRangeSchema,
    }),
    v.check(({ from, to }) => from <= to),
  ),
  v.object({
    v: v.literal(1),
    kind: v.literal('retry'),
    roomId: v.string(),
    epoch: v.string(),
    from: seq,
    to: seq,
    connectionIds: v.array(v.string()),
    slots: v.exactOptional(SlotRangeSchema),
    attempt: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  }),
])
