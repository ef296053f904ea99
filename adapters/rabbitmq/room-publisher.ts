import { makeGroupPublishing } from '../../core/domain/group-publishing.ts'
import { encodeJob, type Job } from '../../core/domain/job.ts'
import { delayAtLeast } from '../../core/domain/lane-delays.ts'
import { laneOfJob } from '../../core/domain/lanes.ts'
import type { IdSource, RoomPublisher, Telemetry } from '../../core/ports.ts'
import { ChatError } from '../../core/protocol/chat-error.ts'
import type { Confirmation, Outgoing } from './confirmed-publish.ts'
import type { BrokerConnection } from './connection.ts'
import type { Topology } from './topology.ts'

type Deps = {
  readonly connection: BrokerConnection
  readonly topology: Topology
  readonly newId: IdSource
  readonly telemetry: Telemetry
}

/** Publishes to quorum queues, confirmed; tries a second time, on a fresh connection, when the first was lost. */
export const makeRoomPublisher = ({ connection, topology, newId, telemetry }: Deps): RoomPublisher => {
  const attempt = async (message: Outgoing): Promise<Confirmation> => {
    const session = await connection.open()
    const outcome = await session.publish(message)
    if (outcome !== 'timed out') return outcome
    if (session.isBlocked()) return 'refused'
    session.drop('a message was not confirmed in time')
    return 'lost'
  }

  const publish = async (message: Omit<Outgoing, 'messageId'>): Promise<void> => {
    // The same id in both attempts: both may have reached the lane.
    const identified = { ...message, messageId: newId() }
    let outcome = await attempt(identified)
    if (outcome === 'lost') {
      telemetry.count('broker.publishRetried')
      outcome = await attempt(identified)
    }
    if (outcome === 'confirmed') return
    telemetry.count('broker.publishFailed')
    const cause = new Error(`A message to ${message.exchange} with key ${message.routingKey} was ${outcome}`)
    throw new ChatError('unavailable', 'The message could not be passed on. Try again.', { cause })
  }

  const publishTo = (exchange: string, job: Job) =>
    publish({ exchange, routingKey: laneOfJob(job, topology.laneCounts), body: encodeJob(job) })
  const publishNow = makeGroupPublishing((job) => publishTo(topology.jobsExchange, job))

  return {
    ready: async () => {
      const session = await connection.open()
      if (session.isBlocked()) {
        throw new ChatError('unavailable', 'The message broker takes no messages now. Try again.')
      }
    },
    publish: async (job, { delayMs = 0 } = {}) =>
      delayMs > 0 ? publishTo(topology.delayExchange(delayAtLeast(delayMs)), job) : publishNow(job),
    setAside: (body, reason) =>
      publish({ exchange: topology.deadLetterExchange, routingKey: '', body, headers: { reason } }),
  }
}
