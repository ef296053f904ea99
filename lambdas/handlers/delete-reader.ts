import type { DeleteReaderHandler } from '../aws/events.ts'

type Deps = {
  /** Also does well where there is no such mapping any more. */
  readonly deleteMapping: (uuid: string) => Promise<void>
}

/**
 * CloudFormation's custom resource: has an event source mapping deleted ahead of everything that Lambda needs to take
 * it down. It is known by the mapping's id, so that one that takes another's place has that one deleted.
 */
export const makeDeleteReaderHandler =
  ({ deleteMapping }: Deps): DeleteReaderHandler =>
  async ({ RequestType, PhysicalResourceId, ResourceProperties }) => {
    if (RequestType !== 'Delete') return { PhysicalResourceId: ResourceProperties.EsmId }
    const mapping = PhysicalResourceId ?? ResourceProperties.EsmId
    await deleteMapping(mapping)
    return { PhysicalResourceId: mapping }
  }
