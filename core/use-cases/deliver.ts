import { ChatError } from '../../protocol/chat-error.ts'
import type { Limits } from '../../protocol/limits.ts'
import { makeBatchOf, makeReadBatches } from '../delivery/batches.ts'
import { makeDeliverAgain } from '../delivery/deliver-again.ts'
import { makeDeliverPart } from '../delivery/deliver-part.ts'
import { makeDeliverRoom } from '../delivery/deliver-room.ts'
import { makeMembersUnlessLarge } from '../delivery/large-rooms.ts'
import type { SeqRange } from '../delivery/plan.ts'
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
import { slotRanges } from '../domain/slots.ts'
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
  /** Member count above which a room is delivered in parts over the bulk lanes; null disables splitting. */
  readonly largeRoomMembers: number | null
}

/** Rooms, and parts of large rooms, whose last delivery is remembered (our choice). */
const rememberedAudiences = 5_000

/** Concurrent parts of large rooms: while members of one are read, members of others are posted to (our choice). */
const partsAtOnce = 4

/**
 * Concurrent posts to members of large rooms: twice the poster's own number in flight. The poster stays busy, and a post
 * to a small room waits for few of them (our choice).
 */
const bulkPostsAtOnce = 128

/**
 * Delivers the jobs of one lane, in order, to the members of their rooms. Resolves when every member was served, gets a
 * later retry, or its job became a dead letter.
 *
 * @param bodies jobs as the lane carries them; other records become dead letters and stop nothing
 * @param deadlineMs time in ms since 1970 from which nothing is posted: the rest goes into later jobs
 * @throws ChatError `unavailable` if the store or the broker is out of reach: the same records must be delivered again
 */
export const makeDeliver = (deps: Deps) => {
  const remembered = remember(deps)
  return async (bodies: readonly string[], deadlineMs: number): Promise<void> => {
    const jobs = await decodeAll(bodies, deps)
    const deliverTo = makeDeliverTo(deps, remembered, deadlineMs)
    const audiences = [...Map.groupBy(jobs, audienceOf).values()]
    const results = await Promise.allSettled(
      audiences.map(async (ofAudience) => {
        try {
          await deliverTo(ofAudience)
        } catch (error) {
          await deadLetterJobs(deps, ofAudience, error)
        }
      }),
    )
    const failure = results.find((result) => result.status === 'rejected')
    if (failure) throw failure.reason
  }
}

type Remembered = ReturnType<typeof remember>

/** Creates the state that outlives a batch. All but the limits are hints: without them, more is read and sent twice. */
const remember = (deps: Deps) => {
  const delivered: BoundedMap<string, SeqRange> = makeBoundedMap(rememberedAudiences)
  // When a room becomes large, its parts have received everything so far with the whole room: that is no gap.
  const onLarge = (roomId: string) => {
    for (const slots of slotRanges) delivered.delete(audienceName(roomId, slots))
  }
  const limitPosts = makeConcurrencyLimit(bulkPostsAtOnce)
  const bulkPoster: FramePoster = {
    ...deps.poster,
    post: (connection, frame) => limitPosts(() => deps.poster.post(connection, frame)),
  }
  return {
    delivered,
    membersUnlessLarge: makeMembersUnlessLarge({ ...deps, onLarge }),
    bulkPoster,
    limitParts: makeConcurrencyLimit(partsAtOnce),
  }
}

/** Delivers jobs of one audience: a room, or one part of a large room. */
const makeDeliverTo = (deps: Deps, remembered: Remembered, deadlineMs: number) => {
  const serve = makeServeMembers(deps, deadlineMs)
  const serveInBulk = makeServeMembers({ ...deps, poster: remembered.bulkPoster }, deadlineMs)
  const batchOf = makeBatchOf(deps)
  const deliverRoom = makeDeliverRoom({ ...remembered, batchOf, splitRoom: makeSplitRoom(deps), serve })
  const { delivered, limitParts } = remembered
  const readBatches = makeReadBatches(deps)
  const deliverPart = makeDeliverPart({ ...deps, delivered, readBatches, serve: serveInBulk, deadlineMs })
  const deliverAgain = makeDeliverAgain({ ...deps, batchOf })

  return async (jobs: readonly Job[]): Promise<void> => {
    const [first] = jobs
    if (!first) return
    const { roomId } = first
    const slots = slotsOf(first)
    const deliverInOrder = async () => {
      if (slots) await deliverPart(roomId, slots, jobs.filter(isRangeJob))
      else await deliverRoom(roomId, jobs.filter(isMessagesJob))
      for (const job of jobs.filter(isRetryJob)) await deliverAgain(job, slots ? serveInBulk : serve)
    }
    await (slots ? limitParts(deliverInOrder) : deliverInOrder())
  }
}

const isMessagesJob = (job: Job): job is MessagesJob => job.kind === 'messages'
const isRangeJob = (job: Job): job is RangeJob => job.kind === 'range'
const isRetryJob = (job: Job): job is RetryJob => job.kind === 'retry'

/**
 * Moves failed jobs to the dead letters, because a defect would return each time and block the whole lane.
 *
 * @throws the error if it may pass (`unavailable`), so that the batch is delivered again
 */
const deadLetterJobs = async (
  { publisher, telemetry }: Deps,
  jobs: readonly Job[],
  error: unknown,
): Promise<void> => {
  if (error instanceof ChatError && error.code === 'unavailable') throw error
  telemetry.error('The jobs of a room failed and became dead letters', error, {
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
      telemetry.warn('This version does not know a record of the lane; it became a dead letter', {
        bytes: body.length,
      })
      telemetry.count('deadLettered')
      await publisher.deadLetter(body, noJobReason)
    }
  }
  return jobs
}
