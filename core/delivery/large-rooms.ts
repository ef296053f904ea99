import type { Member } from '../domain/identity.ts'
import type { Clock, RoomDirectory, Telemetry } from '../ports.ts'
import { makeBoundedMap } from '../primitives/bounded-map.ts'

/**
 * Default member count above which a room is delivered in parts over the bulk lanes (our choice). Posts to so many
 * members use 100 ms of an AWS account's 10,000 requests per second, while other rooms of the lane wait.
 */
export const defaultLargeRoomMembers = 1_000

/** Share of the threshold below which a room stops being large. Without it, each join or leave could change the mode. */
const staysLargeAbove = 0.8

/** Time for which a room counts as large without another count, in ms. A count reads as much as a delivery (our choice). */
const lookAgainMs = 30_000

/** Large rooms that are remembered (our choice). A forgotten one costs another count. */
const rememberedRooms = 1_000

type Deps = {
  readonly directory: RoomDirectory
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Member count above which a room is large; null means never. */
  readonly largeRoomMembers: number | null
  /** Called when a room becomes large. */
  readonly onLarge: (roomId: string) => void
}

type Pages = AsyncIterable<readonly Member[]> | Iterable<readonly Member[]>

/**
 * Returns the members of a room, page by page, or `large`. The pages of a room that is not large are read completely
 * before the promise resolves. So no member is served before it is certain that all are served here.
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
      telemetry.info('A room is large now: it is delivered in parts', { roomId })
      onLarge(roomId)
      return 'large'
    }
    if (wasLarge) telemetry.info('A room is no longer large', { roomId })
    lookedAtMs.delete(roomId)
    return pages
  }
}

/** Reads all pages, or returns undefined as soon as there are more members than allowed. */
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
