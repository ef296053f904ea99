import type { ConsumeMessage } from 'amqplib'
import type { Job } from '../../core/domain/job.ts'
import { type Lane, laneOfJob } from '../../core/domain/lanes.ts'
import type { SurePublish } from './publish-with-retry.ts'
import type { Topology } from './topology.ts'

/** A record of a queue as it was written: another version may have put more into it than this one knows. */
export type WrittenRecord = {
  readonly body: string
  /** Null where its publisher gave it none. */
  readonly messageId: string | null
}

export const writtenRecordOf = ({ content, properties }: ConsumeMessage): WrittenRecord => ({
  body: content.toString('utf8'),
  messageId: typeof properties.messageId === 'string' ? properties.messageId : null,
})

/** Puts the record of a job, as it is, into the job's lane; resolves with that once it is confirmed. */
export const makePutInLane =
  ({ jobsExchange, laneCounts }: Topology, publish: SurePublish) =>
  async ({ body, messageId }: WrittenRecord, job: Job): Promise<Lane> => {
    const lane = laneOfJob(job, laneCounts)
    await publish({ exchange: jobsExchange, routingKey: lane, body, messageId })
    return lane
  }
