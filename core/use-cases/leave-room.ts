import type { Caller } from '../domain/identity.ts'
import { isSystemRoom } from '../domain/rooms.ts'
import type { RoomDirectory } from '../ports.ts'
import { ChatError } from '../protocol/chat-error.ts'
import type { FrameOf } from '../protocol/client-frames.ts'
import type { LeftFrame } from '../protocol/server-frames.ts'

type Deps = { readonly directory: RoomDirectory }

/** Takes a connection out of a room; one that was not in it is answered alike. */
export const makeLeaveRoom =
  ({ directory }: Deps) =>
  async ({ connectionId }: Caller, { id, roomId }: FrameOf<'leaveRoom'>): Promise<LeftFrame> => {
    if (isSystemRoom(roomId)) throw new ChatError('forbidden', `The room ${roomId} cannot be left.`)
    await directory.leave(roomId, connectionId)
    return { type: 'left', ...(id !== undefined && { id }), roomId }
  }
