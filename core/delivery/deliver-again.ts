import type { RetryJob } from '../domain/job.ts'
import type { RoomDirectory } from '../ports.ts'
import type { makeBatchOf } from './batches.ts'
import type { makeServeMembers } from './serve-members.ts'

type Deps = {
  readonly directory: Pick<RoomDirectory, 'find'>
  readonly batchOf: ReturnType<typeof makeBatchOf>
}

/** Delivers a retry job to those of its connections that are still members. */
export const makeDeliverAgain =
  ({ directory, batchOf }: Deps) =>
  async (job: RetryJob, serve: ReturnType<typeof makeServeMembers>): Promise<void> => {
    const { roomId, connectionIds, slots, attempt } = job
    const found = await Promise.all(connectionIds.map((id) => directory.find(roomId, id)))
    const members = found.filter((member) => member !== undefined)
    if (members.length === 0) return
    const batch = await batchOf(roomId, job, [])
    if (batch) await serve({ ...batch, ...(slots && { slots }) }, members, attempt)
  }
