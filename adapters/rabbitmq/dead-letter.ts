import { createHash } from 'node:crypto'
import type { ConsumeMessage } from 'amqplib'
import { decodeJob, type Job } from '../../core/domain/job.ts'
import { type WrittenRecord, writtenRecordOf } from './written-record.ts'

/** A dead letter, created by this code or by the broker. */
export type DeadLetter = WrittenRecord & {
  /** Id of 12 hex digits, derived from the record, and so the same each time. */
  readonly id: string
  /** Time at which it became a dead letter, in ms since 1970; null if unknown. */
  readonly atMs: number | null
  readonly reason: string
  /** Job in the record; undefined if this version does not know it. */
  readonly job: Job | undefined
  readonly bytes: number
}

/** Summary of a dead letter without its content. Fields are null if the record is no job. */
export type DeadLetterSummary = Pick<DeadLetter, 'id' | 'atMs' | 'reason' | 'bytes'> & {
  readonly kind: Job['kind'] | null
  readonly roomId: string | null
  readonly epoch: string | null
  /** First seq; `to` is the last. */
  readonly from: number | null
  readonly to: number | null
  readonly attempt: number | null
}

/** Creates the headers of a dead letter: reason and time. */
export const deadLetterHeaders = (reason: string, atMs: number) => ({
  reason,
  setAsideAt: new Date(atMs).toISOString(),
})

/** Reads a dead letter from a message. */
export const deadLetterOf = (message: ConsumeMessage): DeadLetter => {
  const { body, messageId } = writtenRecordOf(message)
  const { reason, atMs } = circumstancesOf(message.properties.headers ?? {})
  const parts = [messageId, reason, atMs, body]
  const id = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
  return { id, atMs, reason, job: decodeJob(body), body, bytes: message.content.byteLength, messageId }
}

/** Summarizes a dead letter. */
export const summaryOf = ({ id, atMs, reason, bytes, job }: DeadLetter): DeadLetterSummary => ({
  id,
  atMs,
  reason,
  bytes,
  kind: job?.kind ?? null,
  roomId: job?.roomId ?? null,
  epoch: job?.epoch ?? null,
  ...seqsOf(job),
  attempt: job !== undefined && 'attempt' in job ? job.attempt : null,
})

const seqsOf = (job: Job | undefined): Pick<DeadLetterSummary, 'from' | 'to'> => {
  if (job === undefined) return { from: null, to: null }
  if (job.kind === 'messages') {
    return { from: job.entries[0]?.seq ?? null, to: job.entries.at(-1)?.seq ?? null }
  }
  return { from: job.from, to: job.to }
}

type Headers = Readonly<Record<string, unknown>>

/** Reads reason and time from headers of this code or of the broker, which lists the last event first. */
const circumstancesOf = (headers: Headers): Pick<DeadLetter, 'reason' | 'atMs'> => {
  const deaths: unknown = headers['x-death']
  const death: unknown = Array.isArray(deaths) ? deaths[0] : undefined
  if (typeof headers.reason === 'string') {
    return { reason: headers.reason, atMs: timeOf(headers.setAsideAt) }
  }
  if (!isTable(death)) return { reason: 'unknown', atMs: null }
  return { reason: `broker: ${String(death.reason)}`, atMs: secondsOf(death.time) }
}

const timeOf = (text: unknown): number | null => {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}

/** Tells whether a value is an AMQP timestamp of the library. */
const secondsOf = (time: unknown): number | null =>
  isTable(time) && typeof time.value === 'number' ? time.value * 1000 : null

const isTable = (value: unknown): value is Headers => typeof value === 'object' && value !== null

/** Thrown when dead letters cannot be reached. The message is one line that says what to do. */
export class DeadLetterError extends Error {
  override readonly name = 'DeadLetterError'
}
