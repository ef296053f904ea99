import type { Limits } from '../../protocol/limits.ts'
import type { Identity } from '../domain/identity.ts'
import { requireAdmission } from '../membership.ts'
import type { RoomDirectory } from '../ports.ts'

type Deps = { readonly directory: RoomDirectory; readonly limits: Limits }

/** Checks whether `connect` would accept a connection now. Browsers cannot see why an upgrade was refused. */
export const makeCheckAccess =
  ({ directory, limits }: Deps) =>
  (identity: Identity, roomId: string | undefined): Promise<void> =>
    requireAdmission(directory, identity, roomId, limits)
