import { jsonBytes } from '../../protocol/limits.ts'
import { audienceOf, type Job, type MessagesJob } from './job.ts'

type Waiting = {
  readonly job: Job
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Entries and bytes in one merged job: those of a run in the log, so that a run that was stored at once leaves at
 * once. A consumer's batch of such jobs stays far below the 6 MB that Lambda hands over, and below RabbitMQ's 16 MiB.
 */
export const maxGroupEntries = 64
export const maxGroupBytes = 200_000

/**
 * Publishes with one job in flight for a room, in the order of the calls; rooms do not wait for each other, and
 * neither do the parts of a large room. What a room gathers meanwhile leaves in one job where entries follow on each
 * other, and their callers resolve together.
 *
 * If `send` rejects, everything that waited behind it rejects too: what kept it from the broker would keep them as
 * well, and nobody should wait for one time-out after the other.
 */
export const makeGroupPublishing = (send: (job: Job) => Promise<void>): ((job: Job) => Promise<void>) => {
  const queues = new Map<string, Waiting[]>()

  const publishAll = async (audience: string, waiting: Waiting[]) => {
    // Entries that were stored in one run are published by callers that all go on in this same turn.
    await Promise.resolve()
    let newest: MessagesJob | undefined
    while (waiting.length > 0) {
      const group = takeGroup(waiting, newest)
      const job = merge(group)
      newest = newestOf(job, newest)
      try {
        await send(job)
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of [...group, ...waiting.splice(0)]) reject(error)
      }
    }
    queues.delete(audience)
  }

  return (job) =>
    new Promise((resolve, reject) => {
      const item = { job, resolve, reject }
      const audience = audienceOf(job)
      const waiting = queues.get(audience)
      if (waiting) {
        waiting.push(item)
        return
      }
      const first = [item]
      queues.set(audience, first)
      void publishAll(audience, first)
    })
}

/** Takes the first that waits, and with it those behind it whose entries continue it. */
const takeGroup = (waiting: Waiting[], newest: MessagesJob | undefined): readonly Waiting[] => {
  const [first, second] = waiting
  if (!first || !second || first.job.kind !== 'messages' || isRepublished(first.job, newest)) {
    return waiting.splice(0, 1)
  }
  let size = 1
  let last: MessagesJob = first.job
  let entries = last.entries.length
  let bytes = jsonBytes(last.entries)
  for (const { job } of waiting.slice(1, maxGroupEntries)) {
    if (job.kind !== 'messages' || !follows(job, last)) break
    entries += job.entries.length
    bytes += jsonBytes(job.entries)
    if (entries > maxGroupEntries || bytes > maxGroupBytes) break
    last = job
    size++
  }
  return waiting.splice(0, size)
}

/** A retried message finds its entry in the log and is published anew: it must not hold up, or hide among, new ones. */
const isRepublished = (job: MessagesJob, newest: MessagesJob | undefined): boolean =>
  newest !== undefined && job.epoch === newest.epoch && firstSeq(job) <= lastSeq(newest)

const newestOf = (job: Job, newest: MessagesJob | undefined): MessagesJob | undefined =>
  job.kind === 'messages' && !isRepublished(job, newest) ? job : newest

const follows = (job: MessagesJob, before: MessagesJob): boolean =>
  job.epoch === before.epoch && firstSeq(job) === lastSeq(before) + 1

const firstSeq = ({ entries }: MessagesJob): number => entries[0]?.seq ?? Number.NaN
const lastSeq = ({ entries }: MessagesJob): number => entries.at(-1)?.seq ?? Number.NaN

const merge = (group: readonly Waiting[]): Job => {
  const jobs = group.map(({ job }) => job)
  const [first] = jobs
  if (!first) throw new Error('A group has at least one job')
  if (jobs.length === 1 || first.kind !== 'messages') return first
  return { ...first, entries: jobs.flatMap((job) => (job.kind === 'messages' ? job.entries : [])) }
}
