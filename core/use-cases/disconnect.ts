import { forgetConnection } from '../membership.ts'
import type { RoomDirectory } from '../ports.ts'

type Deps = { readonly directory: RoomDirectory }

/** Takes a closed connection out of its rooms; a join of it that is still under way finds that it is too late. */
export const makeDisconnect =
  ({ directory }: Deps) =>
  async (userId: string, connectionId: string): Promise<void> => {
    await directory.markGone(connectionId)
    await forgetConnection(directory, userId, connectionId)
  }
