import type { DeclareTopologyHandler } from '../aws/events.ts'

type Deps = {
  /** Creates what is not there yet. */
  readonly declare: () => Promise<void>
  /** Moves what is left in the lanes of an earlier topology to where it is read now. */
  readonly retire: (topologyId: string) => Promise<void>
  /** Changes with the names of what is declared. */
  readonly topologyId: string
}

/**
 * CloudFormation's custom resource: exchanges and queues are there before anything is published or read. An update that
 * changes their names makes another resource of it, and CloudFormation has the one before deleted when all else is done.
 * With the stack nothing is deleted: it goes with the broker.
 */
export const makeDeclareTopologyHandler =
  ({ declare, retire, topologyId }: Deps): DeclareTopologyHandler =>
  async ({ RequestType, PhysicalResourceId = topologyId, ResourceProperties }) => {
    if (RequestType !== 'Delete') {
      // A function of another deployment than the event would have the lanes retired that are in use.
      if (ResourceProperties.Jobs !== topologyId) {
        throw new Error(`${ResourceProperties.Jobs} is to be declared, and this function knows ${topologyId}`)
      }
      await declare()
      return { PhysicalResourceId: topologyId }
    }
    if (PhysicalResourceId !== topologyId) await retire(PhysicalResourceId)
    return { PhysicalResourceId }
  }
