import type { FrameOf } from '../../protocol/client-frames.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { HelloFrame } from '../../protocol/server-frames.ts'
import { isSystemRoom } from '../domain/access.ts'
import type { Caller } from '../domain/identity.ts'
import type { MessageLog, RoomDirectory } from '../ports.ts'

type Deps = {
  readonly directory: RoomDirectory
  readonly log: MessageLog
  readonly limits: Limits
  /** Maximum age of a connection in seconds; null if unlimited. */
  readonly maxAgeSeconds: number | null
}

/** Returns a connection's identity, the heads of its rooms, and the limits. */
export const makeHello =
  ({ directory, log, limits, maxAgeSeconds }: Deps) =>
  async ({ connectionId, identity }: Caller, { id }: FrameOf<'hello'>): Promise<HelloFrame> => {
    const rooms = await directory.roomsOf(identity.userId, connectionId)
    const heads = await Promise.all(
      rooms
        .filter((roomId) => !isSystemRoom(roomId))
        .map(async (roomId) => [roomId, await log.head(roomId)] as const),
    )
    return {
      type: 'hello',
      ...(id !== undefined && { id }),
      connectionId,
      userId: identity.userId,
      roles: [...identity.roles],
      heads: Object.fromEntries(heads),
      limits: { ...limits },
      maxAgeSeconds,
    }
  }
