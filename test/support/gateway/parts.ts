import { makeLanes } from '../../../adapters/embedded/lanes.ts'
import { defaultLargeRoomMembers } from '../../../core/delivery/large-rooms.ts'
import type { Job } from '../../../core/domain/job.ts'
import { memberOf } from '../../../core/membership.ts'
import type { RoomPublisher } from '../../../core/ports.ts'
import { defaultLimits, type Limits } from '../../../protocol/limits.ts'
import { makeClock } from '../../memory/clock.ts'
import { type Answer, makeFramePoster } from '../../memory/frame-poster.ts'
import { makeIdSource } from '../../memory/id-source.ts'
import { makeMessageLog } from '../../memory/message-log.ts'
import { makeRoomDirectory } from '../../memory/room-directory.ts'
import { makeTelemetry } from '../../memory/telemetry.ts'
import { callerOf, messagesJob } from '../builders.ts'

type Options = { readonly limits?: Partial<Limits>; readonly largeRoomMembers?: number | null }

/** What the use cases stand on, in memory, with a clock that stands still until it is set. */
export const makeParts = ({ limits = {}, largeRoomMembers = defaultLargeRoomMembers }: Options = {}) => {
  const { clock, advance } = makeClock(Date.UTC(2026, 10, 22, 12))
  const newId = makeIdSource()
  const telemetry = makeTelemetry()
  const allLimits: Limits = { ...defaultLimits, ...limits }
  const directory = makeRoomDirectory({ clock })
  const lanes = makeLanes({ laneCounts: { lanes: 2, bulkLanes: 1 }, telemetry })
  const log = makeMessageLog({ clock, newId, limits: allLimits })
  /** Stores a message. */
  const append = (content = 'hello', roomId = 'general') =>
    log.append({
      roomId,
      kind: 'text',
      messageId: newId(),
      sender: { userId: 'ada' },
      content,
      sentAtMs: clock(),
    })
  const parts = {
    clock,
    newId,
    telemetry,
    limits: allLimits,
    largeRoomMembers,
    directory,
    log,
    lanes,
    publisher: lanes.publisher,
    /** Waits without waiting: the clock goes on. */
    wait: async (ms: number) => advance(ms),
    advance,
    append,
    /** The same, and gives its job. */
    appendJob: async (content?: string, roomId = 'general') => {
      const { epoch, entry } = await append(content, roomId)
      return messagesJob({ roomId, epoch, entries: [entry] })
    },
    /** Makes a connection a member, some time ago. */
    seat: async (
      roomId: string,
      connectionId: string,
      { userId = connectionId, ageMs = 60_000, tokenExpiresAtMs = 8.64e15 } = {},
    ) => {
      await directory.join(
        memberOf(callerOf(connectionId, { userId, tokenExpiresAtMs }), roomId, clock() - ageMs),
      )
    },
  }
  return parts
}

/** A poster that keeps what it was given, and answers as a test says. */
export const recordPosts = (answer?: Answer) => {
  const poster = makeFramePoster(answer && { answer })
  const { posted, closed } = poster
  /** The seqs that a connection was handed, in the order it got them. */
  const seqsOf = (connectionId: string) =>
    posted
      .filter((post) => post.connectionId === connectionId)
      .flatMap(({ frame }) => (frame.type === 'messages' ? frame.messages.map(({ seq }) => seq) : []))
  return { poster, posted, closed, seqsOf }
}

/** A publisher that keeps what it was given, and fails as a test says. */
export const recordJobs = ({
  fails = () => undefined,
}: {
  readonly fails?: () => Error | undefined
} = {}) => {
  const jobs: { readonly job: Job; readonly delayMs: number | undefined }[] = []
  const deadLetters: { readonly body: string; readonly reason: string }[] = []
  const publisher: RoomPublisher = {
    ready: async () => undefined,
    publish: async (job, options) => {
      const failure = fails()
      if (failure) throw failure
      jobs.push({ job, delayMs: options?.delayMs })
    },
    deadLetter: async (body, reason) => {
      deadLetters.push({ body, reason })
    },
  }
  return { publisher, jobs, deadLetters }
}
