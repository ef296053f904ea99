import { ChatError } from '../../protocol/chat-error.ts'
import type { Limits } from '../../protocol/limits.ts'
import { makeBatchOf, makeReadBatches } from '../delivery/batches.ts'
import { makeDeliverPart } from '../delivery/deliver-part.ts'
import { makeMembersUnlessLarge } from '../delivery/large-rooms.ts'
import { deliveredAfter, planDelivery, type SeqRange } from '../delivery/plan.ts'
import { makeServeMembers } from '../delivery/serve-members.ts'
import { makeSplitRoom } from '../delivery/split-room.ts'
import {
  audienceName,
  audienceOf,
  decodeJob,
  encodeJob,
  type Job,
  type MessagesJob,
  noJobReason,
  type RangeJob,
  type RetryJob,
  slotsOf,
} from '../domain/job.ts'
import { type SlotRange, slotRanges } from '../domain/slots.ts'
import type { Clock, FramePoster, MessageLog, RoomDirectory, RoomPublisher, Telemetry } from '../ports.ts'
import { type BoundedMap, makeBoundedMap } from '../primitives/bounded-map.ts'
import { makeConcurrencyLimit } from '../primitives/concurrency-limit.ts'

type Deps = {
  readonly log: MessageLog
  readonly directory: RoomDirectory
  readonly poster: FramePoster
  readonly publisher: RoomPublisher
  readonly clock: Clock
  readonly wait: (ms: number) => Promise<void>
  readonly telemetry: Telemetry
  readonly limits: Limits
  /** A room with more members is served in parts, over the bulk lanes. Null: none is. */
  readonly largeRoomMembers: number | null
}

/** Rooms, and parts of large ones, whose last delivery is remembered. */
const rememberedAudiences = 5_000

/** Parts of large rooms that are served at a time: while the members of one are read, those of others are posted to. */
const partsAtOnce = 4

/**
 * Posts to members of large rooms under way at a time, twice what the poster has under way: it is kept busy, and a
 * post to a small room that shares it waits for few.
 */
const bulkPostsAtOnce = 128

/**
 * Hands the jobs of one lane, in order, to the members of their rooms. Returns when every member was served,
 * or is owed by a later job, or the job was set aside. Rejects with ChatError `unavailable` when store or broker are
 * out of reach: the same records must come again.
 *
 * @param bodies jobs as the lane carries them; what is no job is set aside and stops nothing
 * @param deadlineMs from then on (ms since 1970) nothing is posted any more: what is left goes into later jobs
 */
export const makeDeliver = (deps: Deps) => {
  const remembered = remember(deps)
  return async (bodies: readonly string[], deadlineMs: number): Promise<void> => {
    const jobs = await decodeAll(bodies, deps)
    const deliverAll = makeDeliverAll(deps, remembered, deadlineMs)
    const audiences = [...Map.groupBy(jobs, audienceOf).values()]
    const results = await Promise.allSettled(
      audiences.map(async (ofAudience) => {
        try {
          await deliverAll(ofAudience)
        } catch (error) {
          await deadLetterJobs(deps, ofAudience, error)
        }
      }),
    )
    const failure = results.find((result) => result.status === 'rejected')
    if (failure) throw failure.reason
  }
}

type Remembered = {
  readonly delivered: BoundedMap<string, SeqRange>
  readonly membersUnlessLarge: ReturnType<typeof makeMembersUnlessLarge>
  readonly bulkPoster: FramePoster
  readonly limitParts: ReturnType<typeof makeConcurrencyLimit>
}

/** What outlives a batch. All but the limits are hints: without them more is read, and some is sent twice. */
const remember = (deps: Deps): Remembered => {
  const delivered = makeBoundedMap<string, SeqRange>(rememberedAudiences)
  // What the parts have not had until now was posted to all of the room: it is no hole.
  const onLarge = (roomId: string) => {
    for (const slots of slotRanges) delivered.delete(audienceName(roomId, slots))
  }
  const limitPosts = makeConcurrencyLimit(bulkPostsAtOnce)
  return {
    delivered,
    membersUnlessLarge: makeMembersUnlessLarge({ ...deps, onLarge }),
    bulkPoster: {
      ...deps.poster,
      post: (connection, frame) => limitPosts(() => deps.poster.post(connection, frame)),
    },
    limitParts: makeConcurrencyLimit(partsAtOnce),
  }
}

type Serve = ReturnType<typeof makeServeMembers>

/** Delivers jobs that are for the same members: all of a room, or one part of a large one. */
const makeDeliverAll = (deps: Deps, remembered: Remembered, deadlineMs: number) => {
  const serve = makeServeMembers(deps, deadlineMs)
  const serveInBulk = makeServeMembers({ ...deps, poster: remembered.bulkPoster }, deadlineMs)
  const deliverRoom = makeDeliverRoom(deps, remembered, serve)
  const deliverPart = makeDeliverPart({
    ...deps,
    delivered: remembered.delivered,
    readBatches: makeReadBatches(deps),
    serve: serveInBulk,
    deadlineMs,
  })
  const deliverAgain = makeDeliverAgain(deps)

  const deliverTo = async (roomId: string, slots: SlotRange | undefined, jobs: readonly Job[]) => {
    if (slots) await deliverPart(roomId, slots, jobs.filter(isRangeJob))
    else await deliverRoom(roomId, jobs.filter(isMessagesJob))
    for (const job of jobs.filter(isRetryJob)) await deliverAgain(job, slots ? serveInBulk : serve)
  }
  return async (jobs: readonly Job[]): Promise<void> => {
    const [first] = jobs
    if (!first) return
    const slots = slotsOf(first)
    const deliver = () => deliverTo(first.roomId, slots, jobs)
    await (slots ? remembered.limitParts(deliver) : deliver())
  }
}

/** Posts messages to all members of a room, or hands them over to the bulk lanes. Never some of both. */
const makeDeliverRoom = (deps: Deps, { delivered, membersUnlessLarge }: Remembered, serve: Serve) => {
  const batchOf = makeBatchOf(deps)
  const splitRoom = makeSplitRoom(deps)
  return async (roomId: string, jobs: readonly MessagesJob[]): Promise<void> => {
    for (const range of planDelivery(jobs.map(rangeOf), delivered.get(roomId))) {
      const members = await membersUnlessLarge(roomId)
      if (members === 'large') {
        await splitRoom(roomId, range)
      } else {
        const atHand = jobs.flatMap(({ epoch, entries }) => (epoch === range.epoch ? entries : []))
        const batch = await batchOf(roomId, range, atHand)
        if (batch) for await (const page of members) await serve(batch, page, 0)
      }
      delivered.set(roomId, deliveredAfter(delivered.get(roomId), range))
    }
  }
}

const rangeOf = ({ epoch, entries }: MessagesJob): SeqRange => ({
  epoch,
  from: entries[0]?.seq ?? 0,
  to: entries.at(-1)?.seq ?? 0,
})

/** Serves those who are still there once more. */
const makeDeliverAgain = (deps: Deps) => {
  const batchOf = makeBatchOf(deps)
  return async (job: RetryJob, serve: Serve): Promise<void> => {
    const { roomId, connectionIds, slots, attempt } = job
    const found = await Promise.all(connectionIds.map((id) => deps.directory.find(roomId, id)))
    const members = found.filter((member) => member !== undefined)
    if (members.length === 0) return
    const batch = await batchOf(roomId, job, [])
    if (batch) await serve({ ...batch, ...(slots && { slots }) }, members, attempt)
  }
}

const isMessagesJob = (job: Job): job is MessagesJob => job.kind === 'messages'
const isRangeJob = (job: Job): job is RangeJob => job.kind === 'range'
const isRetryJob = (job: Job): job is RetryJob => job.kind === 'retry'

/**
 * What jobs failed of: rethrown if it may pass, so that the batch comes again. A defect would come back each time
 * and hold up all rooms of the lane: its jobs are set aside.
 */
const deadLetterJobs = async (
  { publisher, telemetry }: Deps,
  jobs: readonly Job[],
  error: unknown,
): Promise<void> => {
  if (error instanceof ChatError && error.code === 'unavailable') throw error
  telemetry.error('The jobs of a room failed and are set aside', error, {
    roomId: jobs[0]?.roomId,
    jobs: jobs.length,
  })
  telemetry.count('deadLettered', jobs.length)
  for (const job of jobs) await publisher.deadLetter(encodeJob(job), 'failed: see the log')
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
      await publisher.deadLetter(body, noJobReason)
    }
  }
  return jobs
}
