import { ChatError } from '../protocol/chat-error.ts'
import type { Limits } from '../protocol/limits.ts'
import { personalRoomOf, requireEntry } from './domain/access.ts'
import type { Identity } from './domain/identity.ts'
import type { RoomDirectory } from './ports.ts'

/**
 * Lets a new connection in, or says why not.
 *
 * Two that connect at once may both get in as the last one: the limit guards against a client gone wild.
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
