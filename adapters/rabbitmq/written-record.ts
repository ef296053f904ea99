import type { ConsumeMessage } from 'amqplib'
import type { Job } from '../../core/domain/job.ts'
import { type Lane, laneOfJob } from '../../core/domain/lanes.ts'
import type { PublishWithRetry } from './publish-with-retry.ts'
import type { Topology } from './topology.ts'

/** A record of a queue as it was written. Another version may have added fields that this one does not know. */
export type WrittenRecord = {
  readonly body: string
  /** Id of the record; null if its publisher set none. */
  readonly messageId: string | null
}

/** Reads the record of a message. */
export const writtenRecordOf = ({ content, properties }: ConsumeMessage): WrittenRecord => ({
  body: content.toString('utf8'),
  messageId: typeof properties.messageId === 'string' ? properties.messageId : null,
})

/** Creates a function that puts an unchanged record into its job's lane, and resolves with the lane once confirmed. */
export const makePutInLane =
  ({ jobsExchange, laneCounts }: Topology, publish: PublishWithRetry) =>
  async ({ body, messageId }: WrittenRecord, job: Job): Promise<Lane> => {
    const lane = laneOfJob(job, laneCounts)
    await publish({ exchange: jobsExchange, routingKey: lane, body, messageId })
    return lane
  }
