import * as v from 'valibot'
import { parseJson } from '../../protocol/parse-json.ts'
import type { Entry } from './entry.ts'
import type { SlotRange } from './slots.ts'

/**
 * What travels through a lane. Every job carries `v`: during a deployment, publishers and consumers of two
 * versions run side by side.
 */
export type Job = MessagesJob | RangeJob | RetryJob

/** Stored entries to hand to every member of a room; `entries` is contiguous and ascending. */
export type MessagesJob = {
  readonly v: 1
  readonly kind: 'messages'
  readonly roomId: string
  readonly epoch: string
  readonly entries: readonly Entry[]
}

/**
 * Stored entries to hand to the members in a range of slots: part of what a large room's messages become. By
 * reference, so that it is small however large the room or the messages: whoever serves it reads the log.
 */
export type RangeJob = {
  readonly v: 1
  readonly kind: 'range'
  readonly roomId: string
  readonly epoch: string
  /** First and last seq. */
  readonly from: number
  readonly to: number
  readonly slots: SlotRange
}

/** A range of a room's log to hand once more to the connections that could not be served. */
export type RetryJob = {
  readonly v: 1
  readonly kind: 'retry'
  readonly roomId: string
  readonly epoch: string
  /** First and last seq that are owed. */
  readonly from: number
  readonly to: number
  readonly connectionIds: readonly string[]
  /** The range of slots that all of them are in, where it comes out of a RangeJob. */
  readonly slots?: SlotRange
  /** 1 for the first retry; 0 where there was no time for a first try. */
  readonly attempt: number
}

/** A record of a lane, as the broker hands it over. */
export type LaneRecord = {
  readonly body: string
  /** Whether it was handed to a consumer before. */
  readonly redelivered: boolean
  /** Stable over redeliveries. */
  readonly messageId: string
}

/** The members that a job is for: those in a range of slots, or undefined for all of its room. */
export const slotsOf = (job: Job): SlotRange | undefined => (job.kind === 'messages' ? undefined : job.slots)

/** Names the members that a job is for. Jobs with the same name take the same lane, in order. */
export const audienceOf = (job: Job): string => audienceName(job.roomId, slotsOf(job))

/** No room id holds a `#`. */
export const audienceName = (roomId: string, slots: SlotRange | undefined): string =>
  slots ? `${roomId}#${slots.first}-${slots.last}` : roomId

export const encodeJob = (job: Job): string => JSON.stringify(job)

/** Why a record is set aside that `decodeJob` does not know. */
export const noJobReason = 'not a job that this version knows'

/** The job in a record's body, or undefined for one that no version of this code wrote. */
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
