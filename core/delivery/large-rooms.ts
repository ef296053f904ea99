import type { Member } from '../domain/identity.ts'
import type { Clock, RoomDirectory, Telemetry } from '../ports.ts'
import { makeBoundedMap } from '../primitives/bounded-map.ts'

/**
 * Members of a room beyond which it is served in parts, over the bulk lanes. Ours: posting to so many takes some
 * 100 ms of the 10,000 requests a second that an AWS account has, and the other rooms of the lane wait meanwhile.
 */
export const defaultLargeRoomMembers = 1_000

/** A large room is one until it has so much less: at the edge it would change with everybody who comes or leaves. */
const staysLargeAbove = 0.8

/** How long a room is taken to be large without another look. Ours: a look reads almost as much as a delivery. */
const lookAgainMs = 30_000

/** Large rooms that are remembered. One that is forgotten is found to be large again, at the cost of one look. */
const rememberedRooms = 1_000

type Deps = {
  readonly directory: RoomDirectory
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Null: no room is ever large. */
  readonly largeRoomMembers: number | null
  /** Called when a room has become large. */
  readonly onLarge: (roomId: string) => void
}

type Pages = AsyncIterable<readonly Member[]> | Iterable<readonly Member[]>

/**
 * Gives the members of a room, page by page, or `large`, in which case none of them is held. All pages of a room
 * that is not have been read before this resolves: nobody is served before it is certain that all are served here.
 */
export const makeMembersUnlessLarge = (deps: Deps) => {
  const { directory, clock, telemetry, largeRoomMembers, onLarge } = deps
  const lookedAtMs = makeBoundedMap<string, number>(rememberedRooms)

  return async (roomId: string): Promise<Pages | 'large'> => {
    if (largeRoomMembers === null) return directory.members(roomId)
    const lastLookMs = lookedAtMs.get(roomId)
    const wasLarge = lastLookMs !== undefined
    if (wasLarge && clock() - lastLookMs < lookAgainMs) return 'large'

    const most = wasLarge ? Math.floor(largeRoomMembers * staysLargeAbove) : largeRoomMembers
    const pages = await pagesOfAtMost(directory, roomId, most)
    if (pages === undefined) {
      lookedAtMs.set(roomId, clock())
      if (wasLarge) return 'large'
      telemetry.info('A room is large now: it is served in parts', { roomId })
      onLarge(roomId)
      return 'large'
    }
    if (wasLarge) telemetry.info('A room is not large any more', { roomId })
    lookedAtMs.delete(roomId)
    return pages
  }
}

/** Undefined for a room with more members; then no further page is read. */
const pagesOfAtMost = async (
  directory: RoomDirectory,
  roomId: string,
  most: number,
): Promise<readonly (readonly Member[])[] | undefined> => {
  const pages: (readonly Member[])[] = []
  let count = 0
  for await (const page of directory.members(roomId)) {
    count += page.length
    if (count > most) return undefined
    pages.push(page)
  }
  return pages
}
