import { makeGroupPublishing } from '../../core/domain/group-publishing.ts'
import { encodeJob, type Job } from '../../core/domain/job.ts'
import { delayAtLeast, laneOfJob } from '../../core/domain/lanes.ts'
import type { Clock, IdSource, RoomPublisher, Telemetry } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import type { BrokerConnection } from './connection.ts'
import { deadLetterHeaders } from './dead-letter.ts'
import { makePublishWithRetry } from './publish-with-retry.ts'
import type { Topology } from './topology.ts'

type Deps = {
  readonly connection: BrokerConnection
  readonly topology: Topology
  readonly newId: IdSource
  readonly telemetry: Telemetry
  readonly clock?: Clock
}

/** Creates a publisher to quorum queues, with confirms and one retry on a fresh connection. */
export const makeRoomPublisher = ({ topology, clock = Date.now, ...deps }: Deps): RoomPublisher => {
  const publish = makePublishWithRetry(deps)
  const publishTo = (exchange: string, job: Job) =>
    publish({ exchange, routingKey: laneOfJob(job, topology.laneCounts), body: encodeJob(job) })
  const publishNow = makeGroupPublishing((job) => publishTo(topology.jobsExchange, job))

  return {
    ready: async () => {
      const session = await deps.connection.open()
      if (session.isBlocked()) {
        throw new ChatError('unavailable', 'The message broker accepts no messages now. Try again.')
      }
    },
    publish: async (job, { delayMs = 0 } = {}) =>
      delayMs > 0 ? publishTo(topology.delayExchange(delayAtLeast(delayMs)), job) : publishNow(job),
    deadLetter: (body, reason) => {
      const headers = deadLetterHeaders(reason, clock())
      return publish({ exchange: topology.deadLetterExchange, routingKey: '', body, headers })
    },
  }
}
