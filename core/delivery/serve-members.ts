import { closeCodes } from '../../protocol/codes.ts'
import type { DisconnectFrame } from '../../protocol/server-frames.ts'
import type { Member } from '../domain/identity.ts'
import { encodeJob, type RetryJob } from '../domain/job.ts'
import { forgetConnection } from '../membership.ts'
import type { Clock, FramePoster, PostOutcome, RoomDirectory, RoomPublisher, Telemetry } from '../ports.ts'
import type { Batch } from './batches.ts'
import { makePostToMember, slowMs } from './post-to-member.ts'

type Deps = {
  readonly directory: RoomDirectory
  readonly poster: FramePoster
  readonly publisher: RoomPublisher
  readonly clock: Clock
  readonly wait: (ms: number) => Promise<void>
  readonly telemetry: Telemetry
}

/** Next step for a member: none, a retry after a failed post, or the same attempt again for lack of time. */
type Result = 'settled' | 'retry' | 'outOfTime'

/** Outcome of the post to a member, if there was one. */
type Served = { readonly outcome?: PostOutcome; readonly result: Result }

/** Delay before each retry of a post, in ms. After the last one the connection is closed, so that its client resumes. */
const retryDelaysMs = [1_000, 5_000, 5_000, 30_000]

/** Delay of work that ran out of time, in ms: the shortest one. It keeps an expired deadline from spinning the lane. */
export const lateDelayMs = 1_000

/** Delay before each attempt to close a connection, in ms. */
const closeDelaysMs = [0, 50, 150]

/** Age in ms below which a connection may still be inside its $connect, where API Gateway answers posts with 410. */
const youngMs = 30_000

/**
 * Posts a batch to members concurrently. Members that are gone are forgotten, the others get a retry, and after the last
 * retry their connections are closed.
 *
 * @param deadlineMs time in ms since 1970 from which nothing is posted. The rest is retried with the same attempt number:
 * lack of time does not bring a connection closer to being closed.
 */
export const makeServeMembers = (deps: Deps, deadlineMs: number) => {
  const serve = makeServeMember(deps, deadlineMs)
  /** Serves members once. @param attempt number of retries so far */
  return async (batch: Batch, members: readonly Member[], attempt: number): Promise<void> => {
    const results = await Promise.all(members.map((member) => serve(member, batch.frames)))
    const ofResult = (wanted: Result) => members.filter((_, index) => results[index]?.result === wanted)
    const [unserved, outOfTime] = [ofResult('retry'), ofResult('outOfTime')]
    report(deps, batch, results)
    if (unserved.length > 0) await retryOrClose(deps, deadlineMs, batch, unserved, attempt)
    if (outOfTime.length > 0) {
      await deps.publisher.publish(retryOf(batch, outOfTime, attempt), { delayMs: lateDelayMs })
    }
  }
}

const makeServeMember = (deps: Deps, deadlineMs: number) => {
  const { directory, clock } = deps
  const post = makePostToMember({ ...deps, isLate: () => clock() >= deadlineMs })
  return async (member: Member, frames: readonly string[]): Promise<Served> => {
    if (member.tokenExpiresAtMs <= clock()) {
      await disconnect(deps, deadlineMs, member, tokenExpired)
      return { result: 'settled' }
    }
    const outcome = await post(member, frames)
    if (outcome === 'late') return { result: 'outOfTime' }
    if (outcome === 'sent') return { outcome, result: 'settled' }
    if (outcome !== 'gone' || clock() - member.joinedAtMs < youngMs) return { outcome, result: 'retry' }
    await forgetConnection(directory, member.userId, member.connectionId)
    return { outcome, result: 'settled' }
  }
}

/** Reports all outcomes together: a metric per member of a large room would cost more than the post. */
const report = ({ clock, telemetry }: Deps, batch: Batch, results: readonly Served[]): void => {
  const outcomes = Map.groupBy(results, ({ outcome }) => outcome)
  for (const [outcome, { length }] of outcomes) if (outcome) telemetry.count(`post.${outcome}`, length)
  if (outcomes.has('sent')) telemetry.measure('delivery.ms', Math.max(0, clock() - batch.lastSentAtMs))
}

const retryOrClose = async (
  deps: Deps,
  deadlineMs: number,
  batch: Batch,
  unserved: readonly Member[],
  attempt: number,
): Promise<void> => {
  const { publisher, telemetry } = deps
  const job = retryOf(batch, unserved, attempt + 1)
  const { roomId, from, to, connectionIds } = job
  const delayMs = retryDelaysMs[attempt]
  if (delayMs !== undefined) {
    // PROTOCOL: promise 2
    await publisher.publish(job, { delayMs })
    return
  }
  telemetry.warn('Slow consumers: connections could not be served and are closed', {
    roomId,
    from,
    to,
    connectionIds,
  })
  telemetry.count('deadLettered')
  await publisher.deadLetter(encodeJob(job), `not served after ${attempt} retries`)
  await Promise.all(unserved.map((member) => disconnect(deps, deadlineMs, member, slowConsumer)))
}

const retryOf = (
  { roomId, epoch, from, to, slots }: Batch,
  members: readonly Member[],
  attempt: number,
): RetryJob => ({
  v: 1,
  kind: 'retry',
  roomId,
  epoch,
  from,
  to,
  connectionIds: members.map(({ connectionId }) => connectionId),
  // Returns to the lane of its part: the room's own lane must not wait for slow consumers of a large room.
  ...(slots && { slots }),
  attempt,
})

/**
 * Sends a connection the reason, closes it and forgets it. If closing fails, it is forgotten as well: its next `ping` says
 * that it is no member, and the client joins again.
 */
const disconnect = async (
  deps: Deps,
  deadlineMs: number,
  member: Member,
  frame: DisconnectFrame,
): Promise<void> => {
  const { poster, directory, clock, telemetry, wait } = deps
  const isLate = () => clock() >= deadlineMs
  if (!isLate()) await poster.post(member, JSON.stringify(frame))
  let outcome: PostOutcome = 'failed'
  for (const delayMs of closeDelaysMs) {
    if (delayMs > 0) await wait(delayMs)
    const startedMs = clock()
    if (isLate()) break
    outcome = await poster.close(member)
    if (outcome === 'sent' || outcome === 'gone' || clock() - startedMs > slowMs) break
  }
  if (outcome !== 'sent' && outcome !== 'gone') {
    telemetry.warn('A connection could not be closed', { connectionId: member.connectionId, outcome })
  }
  await forgetConnection(directory, member.userId, member.connectionId)
}

const tokenExpired: DisconnectFrame = {
  type: 'disconnect',
  code: closeCodes.tokenExpired,
  reason: 'token expired',
  reconnect: true,
}

/** Asks the client to reconnect and resume, so that no gap stays hidden. */
const slowConsumer: DisconnectFrame = {
  type: 'disconnect',
  code: closeCodes.slowConsumer,
  reason: 'messages could not be delivered; connect again to resume',
  reconnect: true,
}
