import type { FrameOf } from '../../protocol/client-frames.ts'
import type { LeftFrame } from '../../protocol/server-frames.ts'
import { requireNoSystemRoom } from '../domain/access.ts'
import type { Caller } from '../domain/identity.ts'
import type { RoomDirectory } from '../ports.ts'

type Deps = { readonly directory: RoomDirectory }

/** Takes a connection out of a room; one that was not in it is answered alike. */
export const makeLeaveRoom =
  ({ directory }: Deps) =>
  async ({ connectionId }: Caller, { id, roomId }: FrameOf<'leaveRoom'>): Promise<LeftFrame> => {
    requireNoSystemRoom(roomId)
    await directory.leave(roomId, connectionId)
    return { type: 'left', ...(id !== undefined && { id }), roomId }
  }
