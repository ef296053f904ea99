import type { Caller } from '../domain/identity.ts'
import { memberOf, membershipMs } from '../domain/membership.ts'
import { personalRoomOf } from '../domain/rooms.ts'
import type { Clock, MessageLog, RoomDirectory } from '../ports.ts'
import type { FrameOf } from '../protocol/client-frames.ts'
import type { Head, PongFrame } from '../protocol/server-frames.ts'

type Deps = { readonly directory: RoomDirectory; readonly log: MessageLog; readonly clock: Clock }

/**
 * Keeps a connection alive, and tells where rooms stand: the last message of a room that has fallen quiet
 * leaves no hole, so this is how a client learns that it missed it.
 */
export const makePing =
  ({ directory, log, clock }: Deps) =>
  async (caller: Caller, { id, rooms = [] }: FrameOf<'ping'>): Promise<PongFrame> => {
    const standing = async (roomId: string): Promise<readonly [string, Head | null]> => [
      roomId,
      (await isMemberStill(roomId)) ? await log.head(roomId) : null,
    ]
    const isMemberStill = async (roomId: string): Promise<boolean> => {
      const member = await directory.find(roomId, caller.connectionId)
      if (!member) return false
      const now = clock()
      if (member.expiresAtMs - now > membershipMs / 2) return true
      return directory.join({ ...memberOf(caller, roomId, now), joinedAtMs: member.joinedAtMs })
    }
    await isMemberStill(await personalRoomOf(caller.identity.userId))
    const heads = await Promise.all(rooms.map(standing))
    return { type: 'pong', ...(id !== undefined && { id }), heads: Object.fromEntries(heads) }
  }
