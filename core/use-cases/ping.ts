import type { FrameOf } from '../../protocol/client-frames.ts'
import type { Head, PongFrame } from '../../protocol/server-frames.ts'
import { personalRoomOf } from '../domain/access.ts'
import type { Caller } from '../domain/identity.ts'
import { memberOf, membershipMs } from '../membership.ts'
import type { Clock, MessageLog, RoomDirectory } from '../ports.ts'

type Deps = { readonly directory: RoomDirectory; readonly log: MessageLog; readonly clock: Clock }

/**
 * Keeps a connection and its memberships alive, and returns the heads of rooms. The loss of a room's last message leaves no
 * gap, so a client detects it only by the head. PROTOCOL: promise 3
 */
export const makePing =
  ({ directory, log, clock }: Deps) =>
  async (caller: Caller, { id, rooms = [] }: FrameOf<'ping'>): Promise<PongFrame> => {
    await renewRows(directory, caller, clock())
    const standing = async (roomId: string): Promise<readonly [string, Head | null]> => [
      roomId,
      (await directory.find(roomId, caller.connectionId)) ? await log.head(roomId) : null,
    ]
    const heads = await Promise.all(rooms.map(standing))
    return { type: 'pong', ...(id !== undefined && { id }), heads: Object.fromEntries(heads) }
  }

/** Renews all rows together, after half of their life. The row in the personal room shows the age of all. */
const renewRows = async (directory: RoomDirectory, caller: Caller, nowMs: number): Promise<void> => {
  const { connectionId, identity } = caller
  const ownRoom = await personalRoomOf(identity.userId)
  const own = await directory.find(ownRoom, connectionId)
  if (own && own.expiresAtMs - nowMs > membershipMs / 2) return
  const rooms = await directory.roomsOf(identity.userId, connectionId)
  const others = rooms.filter((roomId) => roomId !== ownRoom)
  await Promise.all(others.map((roomId) => directory.renew(roomId, connectionId, nowMs + membershipMs)))
  // Renewed last, because it proves that the others were. A row that was forgotten by mistake is created again.
  await directory.join({ ...memberOf(caller, ownRoom, nowMs), ...(own && { joinedAtMs: own.joinedAtMs }) })
}
