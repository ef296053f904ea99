import type { DeclareTopologyHandler } from './events.ts'

type Deps = {
  /** Creates what is not there yet. */
  readonly declare: () => Promise<void>
  /** Changes with the names of what is declared. */
  readonly topologyId: string
}

/**
 * CloudFormation's custom resource: exchanges and queues are there before anything is published or read. Nothing is
 * deleted: lanes of other counts may still hold jobs, and the last ones go with the broker.
 */
export const makeHandler =
  ({ declare, topologyId }: Deps): DeclareTopologyHandler =>
  async ({ RequestType, PhysicalResourceId }) => {
    if (RequestType === 'Delete') return { PhysicalResourceId: PhysicalResourceId ?? topologyId }
    await declare()
    return { PhysicalResourceId: topologyId }
  }
