import type { Member } from '../../../core/domain/identity.ts'
import { encodeJob, slotsOf } from '../../../core/domain/job.ts'
import type { RoomDirectory } from '../../../core/ports.ts'
import { makeDeliver } from '../../../core/use-cases/deliver.ts'
import type { Answer } from '../../memory/frame-poster.ts'
import { makeParts, recordJobs, recordPosts } from '../gateway/parts.ts'

export const far = Number.MAX_SAFE_INTEGER

type Options = {
  /** Members of the room `general`. Default: 40. */
  readonly members?: number
  /** Default: 20. */
  readonly largeRoomMembers?: number | null
  readonly answer?: Answer
  readonly fails?: () => Error | undefined
}

/** A room with members `c1`, `c2`, …, and a consumer whose jobs and posts are kept. */
export const setUpLargeRoom = async ({
  members = 40,
  largeRoomMembers = 20,
  answer,
  fails = () => undefined,
}: Options = {}) => {
  const parts = makeParts({ largeRoomMembers })
  const posts = recordPosts(answer)
  const recorded = recordJobs({ fails })
  const { directory, pagesRead } = watchPages(parts.directory)
  const deps = { ...parts, directory, poster: posts.poster, publisher: recorded.publisher }

  /** Stores a message, and returns its job as the lane would carry it. */
  const append = async (content?: string, roomId?: string) =>
    encodeJob(await parts.appendJob(content, roomId))
  const seatUpTo = async (last: number, first = 1) => {
    for (let n = first; n <= last; n++) await parts.seat('general', `c${n}`)
  }
  await seatUpTo(members)

  /** Takes what was published, as records. */
  const takeJobs = () => recorded.jobs.splice(0).map(({ job }) => encodeJob(job))
  /** What each connection was handed, in its order. */
  const seqsByConnection = () => {
    const seqs = new Map<string, number[]>()
    for (const { connectionId, frame } of posts.posted) {
      if (frame.type !== 'messages') continue
      const known = seqs.get(connectionId) ?? []
      seqs.set(connectionId, known)
      known.push(...frame.messages.map(({ seq }) => seq))
    }
    return seqs
  }
  return {
    ...deps,
    ...posts,
    ...recorded,
    append,
    seatUpTo,
    pagesRead,
    takeJobs,
    seqsByConnection,
    deps,
    /** A consumer that remembers nothing of what others did. */
    newConsumer: () => makeDeliver(deps),
    deliver: makeDeliver(deps),
    ranges: () => recorded.jobs.map(({ job }) => job).filter((job) => job.kind === 'range'),
    retries: () => recorded.jobs.map(({ job }) => job).filter((job) => job.kind === 'retry'),
    isForParts: () => recorded.jobs.every(({ job }) => slotsOf(job) !== undefined),
  }
}

/** A directory that tells how many members each page had that was read of a room. */
const watchPages = (directory: RoomDirectory) => {
  const pagesRead: number[] = []
  const members = async function* (
    ...of: Parameters<RoomDirectory['members']>
  ): AsyncGenerator<readonly Member[]> {
    for await (const page of directory.members(...of)) {
      pagesRead.push(page.length)
      yield page
    }
  }
  return { directory: { ...directory, members }, pagesRead }
}

/** Of the first so many members. */
export const connectionIds = (members: number) =>
  Array.from({ length: members }, (_, index) => `c${index + 1}`)
