import { createHash } from 'node:crypto'
import type { ConsumeMessage } from 'amqplib'
import { decodeJob, type Job } from '../../core/domain/job.ts'
import { type WrittenRecord, writtenRecordOf } from './written-record.ts'

/** A record that was set aside, by this code or by the broker. */
export type DeadLetter = WrittenRecord & {
  /** 12 hex digits, of what the record is: the same each time that somebody looks. */
  readonly id: string
  /** When it was set aside, in ms since 1970; null where nobody noted it. */
  readonly atMs: number | null
  readonly reason: string
  /** Undefined for what is no job that this version knows. */
  readonly job: Job | undefined
  readonly bytes: number
}

/** What is to be told of a record without its content; null where it has none, or is no job. */
export type DeadLetterSummary = Pick<DeadLetter, 'id' | 'atMs' | 'reason' | 'bytes'> & {
  readonly kind: Job['kind'] | null
  readonly roomId: string | null
  readonly epoch: string | null
  /** First and last seq. */
  readonly from: number | null
  readonly to: number | null
  readonly attempt: number | null
}

/** What `deadLetter` says of a record beside the record itself. */
export const deadLetterHeaders = (reason: string, atMs: number) => ({
  reason,
  setAsideAt: new Date(atMs).toISOString(),
})

export const deadLetterOf = (message: ConsumeMessage): DeadLetter => {
  const { body, messageId } = writtenRecordOf(message)
  const { reason, atMs } = circumstancesOf(message.properties.headers ?? {})
  const parts = [messageId, reason, atMs, body]
  const id = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
  return { id, atMs, reason, job: decodeJob(body), body, bytes: message.content.byteLength, messageId }
}

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

/** Of the headers of `deadLetter`, or of those that the broker adds when it dead-letters: the last time comes first in them. */
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

/** A timestamp of AMQP, as the library hands it over. */
const secondsOf = (time: unknown): number | null =>
  isTable(time) && typeof time.value === 'number' ? time.value * 1000 : null

const isTable = (value: unknown): value is Headers => typeof value === 'object' && value !== null

/** Why the dead letters cannot be reached, in one line that says what to do. */
export class DeadLetterError extends Error {
  override readonly name = 'DeadLetterError'
}
