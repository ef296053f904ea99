import { decodeJob, noJobReason } from '../../core/domain/job.ts'
import type { PublishRequest } from '../../core/domain/publish-request.ts'
import type { RoomPublisher } from '../../core/ports.ts'
import type { PublishHandler } from '../aws/events.ts'

type Deps = { readonly publisher: RoomPublisher }

/** Publishes for `deliver`, which cannot reach the broker. After a throw, some jobs may be in their lanes. */
export const makePublishHandler =
  ({ publisher }: Deps): PublishHandler =>
  async ({ requests }) => {
    await Promise.all(requests.map((request) => publish(publisher, request)))
  }

const publish = async (publisher: RoomPublisher, request: PublishRequest): Promise<void> => {
  if (request.kind === 'dead-letter') return publisher.deadLetter(request.body, request.reason)
  const job = decodeJob(request.body)
  if (job === undefined) return publisher.deadLetter(request.body, noJobReason)
  return publisher.publish(job, { delayMs: request.delayMs })
}
