import { jsonBytes } from '../../protocol/limits.ts'
import { audienceOf, type Job, type MessagesJob } from './job.ts'

type Waiting = {
  readonly job: Job
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Maximum entries of a merged job: those of a run in the log (our choice). So a run is published as it was stored.
 */
export const maxGroupEntries = 64
/** Maximum bytes of a merged job. A batch of them stays below Lambda's 6 MB and RabbitMQ's 16 MiB (our choice). */
export const maxGroupBytes = 200_000

/**
 * Creates a publisher with one job in flight per audience, in the order of the calls. Audiences do not wait for each
 * other. Jobs that gather meanwhile become one if their entries are consecutive, and their callers resolve together.
 *
 * If `send` rejects, all jobs that wait behind it reject as well: the broker would fail them too, one timeout after the
 * other.
 */
export const makeGroupPublishing = (send: (job: Job) => Promise<void>): ((job: Job) => Promise<void>) => {
  const queues = new Map<string, Waiting[]>()

  const publishAll = async (audience: string, waiting: Waiting[]) => {
    // The callers of entries that were stored in one run all continue in this turn.
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

/** Takes the first waiting job together with those behind it whose entries continue it. */
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

/** Tells whether a job may join the group. The job of a retried message is older and must stay separate. */
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
