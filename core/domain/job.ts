import * as v from 'valibot'
import { parseJson } from '../protocol/parse-json.ts'
import type { Entry } from './entry.ts'

/**
 * What travels through a lane. Every job carries `v`: during a deployment, publishers and consumers of two
 * versions run side by side.
 */
export type Job = MessagesJob | RetryJob

/** Stored entries to hand to every member of a room; `entries` is contiguous and ascending. */
export type MessagesJob = {
  readonly v: 1
  readonly kind: 'messages'
  readonly roomId: string
  readonly epoch: string
  readonly entries: readonly Entry[]
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
  /** 1 for the first retry. */
  readonly attempt: number
}

export const encodeJob = (job: Job): string => JSON.stringify(job)

/** The job in a record's body, or undefined for one that no version of this code wrote. */
export const decodeJob = (body: string): Job | undefined => {
  const parsed = v.safeParse(JobSchema, parseJson(body))
  return parsed.success ? parsed.output : undefined
}

const seq = v.pipe(v.number(), v.safeInteger(), v.minValue(1))

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
  v.object({
    v: v.literal(1),
    kind: v.literal('retry'),
    roomId: v.string(),
    epoch: v.string(),
    from: seq,
    to: seq,
    connectionIds: v.array(v.string()),
    attempt: seq,
  }),
])
