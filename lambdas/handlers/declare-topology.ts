import type { DeclareTopologyHandler } from '../aws/events.ts'

type Deps = {
  /** Creates missing exchanges and queues. */
  readonly declare: () => Promise<void>
  /** Moves the records that remain in an earlier topology to the current one. */
  readonly retire: (topologyId: string) => Promise<void>
  /** Id of the topology, which changes with its names. */
  readonly topologyId: string
}

/**
 * Handles the custom resource that declares exchanges and queues before any function publishes or reads. An update that
 * changes their names makes it a new resource, and CloudFormation deletes the previous one at the end. Deleting the stack
 * deletes nothing here, because the broker goes as well.
 */
export const makeDeclareTopologyHandler =
  ({ declare, retire, topologyId }: Deps): DeclareTopologyHandler =>
  async ({ RequestType, PhysicalResourceId = topologyId, ResourceProperties }) => {
    if (RequestType !== 'Delete') {
      // A function of another deployment than the event's would retire lanes that are in use.
      if (ResourceProperties.Jobs !== topologyId) {
        throw new Error(
          `The event is for ${ResourceProperties.Jobs}, but this function declares ${topologyId}. Deploy again.`,
        )
      }
      await declare()
      return { PhysicalResourceId: topologyId }
    }
    if (PhysicalResourceId !== topologyId) await retire(PhysicalResourceId)
    return { PhysicalResourceId }
  }
