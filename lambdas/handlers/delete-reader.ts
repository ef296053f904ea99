import type { DeleteReaderHandler } from '../aws/events.ts'

type Deps = {
  /** Deletes a mapping; succeeds if it no longer exists. */
  readonly deleteMapping: (uuid: string) => Promise<void>
}

/**
 * Handles the custom resource that deletes an event source mapping before the resources that Lambda needs for that. Its id
 * is the mapping's, so that a replaced mapping is deleted as well.
 */
export const makeDeleteReaderHandler =
  ({ deleteMapping }: Deps): DeleteReaderHandler =>
  async ({ RequestType, PhysicalResourceId, ResourceProperties }) => {
    if (RequestType !== 'Delete') return { PhysicalResourceId: ResourceProperties.EsmId }
    const mapping = PhysicalResourceId ?? ResourceProperties.EsmId
    await deleteMapping(mapping)
    return { PhysicalResourceId: mapping }
  }
