import { ChatError } from '../protocol/chat-error.ts'
import type { Limits } from '../protocol/limits.ts'
import { personalRoomOf, requireEntry } from './domain/access.ts'
import type { Caller, Identity, Member } from './domain/identity.ts'
import type { RoomDirectory } from './ports.ts'

/**
 * Life of a connection's rows without renewal, in ms. API Gateway ends a connection after 2 hours (quota "connection
 * duration"), and a $disconnect may never come.
 */
export const membershipMs = (2 * 60 + 10) * 60 * 1000

/** Creates the membership of a caller in a room. */
export const memberOf = ({ identity, ...connection }: Caller, roomId: string, nowMs: number): Member => ({
  connectionId: connection.connectionId,
  endpoint: connection.endpoint,
  roomId,
  userId: identity.userId,
  ...(identity.name !== undefined && { name: identity.name }),
  joinedAtMs: nowMs,
  expiresAtMs: nowMs + membershipMs,
  tokenExpiresAtMs: identity.tokenExpiresAtMs,
})

/** Removes a connection from all its rooms. */
export const forgetConnection = async (
  directory: RoomDirectory,
  userId: string,
  connectionId: string,
): Promise<void> => {
  // The index may not know the newest rooms yet. The personal room always exists, and a remaining row is forgotten at
  // the first post to it.
  const rooms = new Set([await personalRoomOf(userId), ...(await directory.roomsOf(userId, connectionId))])
  await Promise.all([...rooms].map((roomId) => directory.leave(roomId, connectionId)))
}

/** Requires that a connection is a member of a room. @throws ChatError `not_a_member` */
export const requireMember = async (
  directory: RoomDirectory,
  roomId: string,
  connectionId: string,
): Promise<void> => {
  if (!(await directory.find(roomId, connectionId))) {
    throw new ChatError('not_a_member', `You are not in the room ${roomId}. Send joinRoom first.`)
  }
}

/**
 * Checks whether a new connection may be opened. Two simultaneous connections may both pass as the last allowed one: the
 * limit only stops runaway clients.
 *
 * @throws ChatError `forbidden` for a room that the token does not allow, `rate_limited` for too many connections
 */
export const requireAdmission = async (
  directory: RoomDirectory,
  identity: Identity,
  roomId: string | undefined,
  { connectionsPerUser }: Limits,
): Promise<void> => {
  if (roomId !== undefined) requireEntry(identity, roomId)
  let count = 0
  for await (const members of directory.members(await personalRoomOf(identity.userId)))
    count += members.length
  if (count >= connectionsPerUser) {
    throw new ChatError(
      'rate_limited',
      `You have ${count} open connections; at most ${connectionsPerUser} are allowed. Close one first.`,
    )
  }
}
