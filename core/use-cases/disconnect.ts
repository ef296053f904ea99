import { forgetConnection } from '../membership.ts'
import type { RoomDirectory } from '../ports.ts'

type Deps = { readonly directory: RoomDirectory }

/** Removes a closed connection from its rooms. A tombstone stops a join that is still in flight. */
export const makeDisconnect =
  ({ directory }: Deps) =>
  async (userId: string, connectionId: string): Promise<void> => {
    await directory.markGone(connectionId)
    await forgetConnection(directory, userId, connectionId)
  }
