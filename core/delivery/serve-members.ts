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

/** Whether another post is owed to a member, because of one that failed or for want of time. */
type Result = 'settled' | 'owed' | 'late'

/** What became of the post to a member, if there was one. */
type Served = { readonly outcome?: PostOutcome; readonly result: Result }

/** Delay before each retry of a post; after the last one the connection is closed, so that it comes back and resumes. */
const retryDelaysMs = [1_000, 5_000, 5_000, 30_000]

/** Before what there was no time for is tried again: the shortest delay; a deadline that is always over spins no lane. */
export const lateDelayMs = 1_000

/** Closing is tried again a little: nothing else comes after it. */
const closeDelaysMs = [0, 50, 150]

/** A connection this young may still be inside its $connect, where API Gateway answers a post with 410. */
const youngMs = 30_000

/**
 * Posts a batch to members, all beside each other, and sees to those who could not be served: forgets who is gone,
 * owes the rest a retry, and at last closes them.
 *
 * @param deadlineMs from then on (ms since 1970) nothing is posted: the rest is owed as it was, for want of time brings
 * nobody closer to being closed
 */
export const makeServeMembers = (deps: Deps, deadlineMs: number) => {
  const serve = makeServeMember(deps, deadlineMs)
  /** @param attempt retries so far */
  return async (batch: Batch, members: readonly Member[], attempt: number): Promise<void> => {
    const results = await Promise.all(members.map((member) => serve(member, batch.frames)))
    const ofResult = (wanted: Result) => members.filter((_, index) => results[index]?.result === wanted)
    const [owed, late] = [ofResult('owed'), ofResult('late')]
    tell(deps, batch, results)
    if (owed.length > 0) await settleLater(deps, deadlineMs, batch, owed, attempt)
    if (late.length > 0) await deps.publisher.publish(retryOf(batch, late, attempt), { delayMs: lateDelayMs })
  }
}

const makeServeMember = (deps: Deps, deadlineMs: number) => {
  const { directory, clock } = deps
  const post = makePostToMember({ ...deps, isLate: () => clock() >= deadlineMs })
  return async (member: Member, frames: readonly string[]): Promise<Served> => {
    if (member.tokenExpiresAtMs <= clock()) {
      await dismiss(deps, deadlineMs, member, tokenExpired)
      return { result: 'settled' }
    }
    const outcome = await post(member, frames)
    if (outcome === 'late') return { result: 'late' }
    if (outcome === 'sent') return { outcome, result: 'settled' }
    if (outcome !== 'gone' || clock() - member.joinedAtMs < youngMs) return { outcome, result: 'owed' }
    await forgetConnection(directory, member.userId, member.connectionId)
    return { outcome, result: 'settled' }
  }
}

/** Once for all of them: a metric for each member of a large room would cost more than the post. */
const tell = ({ clock, telemetry }: Deps, batch: Batch, results: readonly Served[]): void => {
  const outcomes = Map.groupBy(results, ({ outcome }) => outcome)
  for (const [outcome, { length }] of outcomes) if (outcome) telemetry.count(`post.${outcome}`, length)
  if (outcomes.has('sent')) telemetry.measure('delivery.ms', Math.max(0, clock() - batch.lastSentAtMs))
}

const settleLater = async (
  deps: Deps,
  deadlineMs: number,
  batch: Batch,
  owed: readonly Member[],
  attempt: number,
): Promise<void> => {
  const { publisher, telemetry } = deps
  const job = retryOf(batch, owed, attempt + 1)
  const { roomId, from, to, connectionIds } = job
  const delayMs = retryDelaysMs[attempt]
  if (delayMs !== undefined) {
    await publisher.publish(job, { delayMs })
    return
  }
  telemetry.warn('Connections could not be served and are closed', { roomId, from, to, connectionIds })
  telemetry.count('deadLettered')
  await publisher.deadLetter(encodeJob(job), `not served after ${attempt} retries`)
  await Promise.all(owed.map((member) => dismiss(deps, deadlineMs, member, notServed)))
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
  // Back to the lane of their part: the room's own lane is not to wait for the slow ones of a large room.
  ...(slots && { slots }),
  attempt,
})

/**
 * Tells a connection why, closes it and forgets it. If it cannot even be closed, it is forgotten all the same: its
 * next `ping` says that it is no member, and a client joins again.
 */
const dismiss = async (
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

/** A client that comes back resumes: it is never left with a hole that it cannot see. */
const notServed: DisconnectFrame = {
  type: 'disconnect',
  code: closeCodes.slowConsumer,
  reason: 'messages could not be delivered; connect again to resume',
  reconnect: true,
}
