import type { FrameOf } from '../../protocol/client-frames.ts'
import type { LeftFrame } from '../../protocol/server-frames.ts'
import { requireNoSystemRoom } from '../domain/access.ts'
import type { Caller } from '../domain/identity.ts'
import type { RoomDirectory } from '../ports.ts'

type Deps = { readonly directory: RoomDirectory }

/** Removes a connection from a room. A connection that is no member gets the same answer. */
export const makeLeaveRoom =
  ({ directory }: Deps) =>
  async ({ connectionId }: Caller, { id, roomId }: FrameOf<'leaveRoom'>): Promise<LeftFrame> => {
    requireNoSystemRoom(roomId)
    await directory.leave(roomId, connectionId)
    return { type: 'left', ...(id !== undefined && { id }), roomId }
  }
