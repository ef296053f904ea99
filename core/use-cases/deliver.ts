import { type DeliveredRange, type DeliveryPlan, planDelivery } from '../delivery/delivery-plan.ts'
import { type Batch, makeServeMembers } from '../delivery/serve-members.ts'
import { type BoundedMap, makeBoundedMap } from '../domain/bounded-map.ts'
import { type Entry, messageOf } from '../domain/entry.ts'
import { messagesFrames } from '../domain/frames.ts'
import { decodeJob, encodeJob, type Job, type MessagesJob, type RetryJob } from '../domain/job.ts'
import type { Clock, FramePoster, MessageLog, RoomDirectory, RoomPublisher, Telemetry } from '../ports.ts'
import { ChatError } from '../protocol/chat-error.ts'
import type { Limits } from '../protocol/limits.ts'

type Deps = {
  readonly log: MessageLog
  readonly directory: RoomDirectory
  readonly poster: FramePoster
  readonly publisher: RoomPublisher
  readonly clock: Clock
  readonly wait: (ms: number) => Promise<void>
  readonly telemetry: Telemetry
  readonly limits: Limits
}

/** Rooms whose last delivery is remembered. */
const rememberedRooms = 1_000

/**
 * Hands the jobs of one lane, in order, to the members of their rooms. Returns when every member was served,
 * or is owed by a retry job, or the job was set aside. Rejects with ChatError `unavailable` when store or broker are
 * out of reach: the same records must come again.
 *
 * @param bodies jobs as the lane carries them; what is no job is set aside and stops nothing
 * @param deadlineMs from then on (ms since 1970) nothing is posted any more: what is left goes into retry jobs
 */
export const makeDeliver = (deps: Deps) => {
  const delivered = makeBoundedMap<string, DeliveredRange>(rememberedRooms)
  return async (bodies: readonly string[], deadlineMs: number): Promise<void> => {
    const jobs = await decodeAll(bodies, deps)
    const rooms = Map.groupBy(jobs, ({ roomId }) => roomId)
    const deliverRoom = makeDeliverRoom(deps, delivered, deadlineMs)
    const results = await Promise.allSettled(
      [...rooms].map(async ([roomId, ofRoom]) => {
        try {
          await deliverRoom(roomId, ofRoom)
        } catch (error) {
          await setRoomAside(deps, roomId, ofRoom, error)
        }
      }),
    )
    const failure = results.find((result) => result.status === 'rejected')
    if (failure) throw failure.reason
  }
}

/**
 * What a room's jobs failed of: rethrown if it may pass, so that the batch comes again. A defect would come back
 * each time and hold up all rooms of the lane: its jobs are set aside.
 */
const setRoomAside = async (
  { publisher, telemetry }: Deps,
  roomId: string,
  jobs: readonly Job[],
  error: unknown,
): Promise<void> => {
  if (error instanceof ChatError && error.code === 'unavailable') throw error
  telemetry.error('The jobs of a room failed and are set aside', error, { roomId, jobs: jobs.length })
  telemetry.count('deadLettered', jobs.length)
  for (const job of jobs) await publisher.setAside(encodeJob(job), 'failed: see the log')
}

const decodeAll = async (
  bodies: readonly string[],
  { publisher, telemetry }: Deps,
): Promise<readonly Job[]> => {
  const jobs: Job[] = []
  for (const body of bodies) {
    const job = decodeJob(body)
    if (job) {
      jobs.push(job)
    } else {
      telemetry.warn('A record of the lane is no job that this version knows; it is set aside', {
        bytes: body.length,
      })
      telemetry.count('deadLettered')
      await publisher.setAside(body, 'not a job that this version knows')
    }
  }
  return jobs
}

const makeDeliverRoom =
  (deps: Deps, delivered: BoundedMap<string, DeliveredRange>, deadlineMs: number) =>
  async (roomId: string, jobs: readonly Job[]): Promise<void> => {
    const { directory, log, limits } = deps
    const serve = makeServeMembers(deps, deadlineMs)
    for (const plan of planDelivery(jobs.filter(isMessagesJob), delivered.get(roomId))) {
      const batch = batchOf(roomId, plan.epoch, await entriesOf(plan, roomId, log), limits)
      for await (const members of directory.members(roomId)) await serve(batch, members, 0)
      delivered.set(roomId, plan.delivered)
    }
    for (const job of jobs.filter(isRetryJob)) {
      const found = await Promise.all(job.connectionIds.map((id) => directory.find(roomId, id)))
      const members = found.filter((member) => member !== undefined)
      if (members.length === 0) continue
      const batch = batchOf(roomId, job.epoch, await readRange(log, job), limits)
      await serve({ ...batch, from: job.from, to: job.to }, members, job.attempt)
    }
  }

const isMessagesJob = (job: Job): job is MessagesJob => job.kind === 'messages'
const isRetryJob = (job: Job): job is RetryJob => job.kind === 'retry'

const entriesOf = async ({ epoch, entries, missing }: DeliveryPlan, roomId: string, log: MessageLog) => {
  if (!missing) return entries
  const read = await readRange(log, { roomId, epoch, ...missing })
  const bySeq = new Map([...read, ...entries].map((entry) => [entry.seq, entry]))
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}

type Range = { readonly roomId: string; readonly epoch: string; readonly from: number; readonly to: number }

/** What still exists of a range of the log. */
const readRange = async (log: MessageLog, { roomId, epoch, from, to }: Range): Promise<readonly Entry[]> => {
  const entries: Entry[] = []
  let after = from - 1
  while (after < to) {
    const page = await log.read({ roomId, epoch, after, limit: to - after })
    entries.push(...page.entries)
    const last = page.entries.at(-1)
    if (!last || !page.more) break
    after = last.seq
  }
  return entries
}

const batchOf = (roomId: string, epoch: string, entries: readonly Entry[], limits: Limits): Batch => ({
  roomId,
  epoch,
  from: entries[0]?.seq ?? 0,
  to: entries.at(-1)?.seq ?? 0,
  frames: messagesFrames(roomId, epoch, entries.map(messageOf), limits.serverFrameBytes).map((frame) =>
    JSON.stringify(frame),
  ),
})
