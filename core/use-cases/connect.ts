import type { Limits } from '../../protocol/limits.ts'
import { personalRoomOf } from '../domain/access.ts'
import type { Caller } from '../domain/identity.ts'
import { memberOf, requireAdmission } from '../membership.ts'
import type { Clock, RoomDirectory } from '../ports.ts'

type Deps = { readonly directory: RoomDirectory; readonly clock: Clock; readonly limits: Limits }

/**
 * Registers a connection, also as a member of a room if one is given. Posts to it are possible only afterwards.
 *
 * @throws ChatError `forbidden` for a room that the token does not allow, `rate_limited` for too many connections
 */
export const makeConnect =
  ({ directory, clock, limits }: Deps) =>
  async (caller: Caller, roomId: string | undefined): Promise<void> => {
    await requireAdmission(directory, caller.identity, roomId, limits)
    const rooms = [await personalRoomOf(caller.identity.userId), ...(roomId === undefined ? [] : [roomId])]
    const now = clock()
    const joins = await Promise.allSettled(rooms.map((room) => directory.join(memberOf(caller, room, now))))
    const failure = joins.find((join) => join.status === 'rejected')
    if (!failure) return
    // No $disconnect follows a refused $connect: a remaining row would count as a connection for hours.
    await Promise.allSettled(rooms.map((room) => directory.leave(room, caller.connectionId)))
    throw failure.reason
  }
