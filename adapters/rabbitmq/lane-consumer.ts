import type { ConsumeMessage } from 'amqplib'
import type { LaneRecord } from '../../core/domain/job.ts'
import { handOver } from '../../core/domain/redelivery.ts'
import type { LaneConsumer, Telemetry } from '../../core/ports.ts'
import { backoffMs, pause } from '../../core/primitives/timing.ts'
import type { BrokerConnection } from './connection.ts'
import { type LaneChannel, openLaneChannel } from './lane-channel.ts'
import type { Topology } from './topology.ts'

type Deps = {
  /** Not the publisher's: a broker that is short of memory stops reading connections that publish, and with them acknowledgements. */
  readonly connection: BrokerConnection
  readonly topology: Topology
  readonly telemetry: Telemetry
}

/**
 * Reads lanes from RabbitMQ. A subscription lives through outages: it subscribes again, with growing pauses, until it
 * is stopped, whatever goes wrong. `subscribe` resolves after the first try, whether or not the broker was there.
 *
 * A batch stays in hand, unacknowledged, until it is taken or dead-lettered; one that was in hand when the
 * connection was lost comes again from the broker.
 */
export const makeLaneConsumer = ({ connection, topology, telemetry }: Deps): LaneConsumer => ({
  subscribe: async (lane, onBatch, { batchSize }) => {
    const queue = topology.laneQueue(lane)
    const stop = new AbortController()
    const { signal: stopping } = stop
    const tried = Promise.withResolvers<void>()

    const settleNext = async (channel: LaneChannel): Promise<void> => {
      const batch = await channel.next()
      if (batch.length === 0) return
      const outcome = await handOver(batch.map(recordOf), onBatch, {
        deliveryLimit: topology.deliveryLimit,
        over: channel.over,
        onRejection: (error, rejections) =>
          telemetry.error('A batch was rejected', error, { lane, rejections, records: batch.length }),
      })
      if (outcome === 'done') channel.acknowledge(batch)
      if (outcome === 'exhausted') {
        channel.deadLetter(batch)
        telemetry.count('deadLettered', batch.length)
      }
    }

    /** Reads until the lane is lost, or is to be left. */
    const read = async (): Promise<void> => {
      const session = await connection.open()
      const channel = await openLaneChannel({ session, queue, batchSize, stopping })
      tried.resolve()
      try {
        while (!channel.over.aborted) await settleNext(channel)
      } finally {
        await channel.release()
      }
    }

    const work = async () => {
      let failures = 0
      while (!stopping.aborted) {
        try {
          await read()
          failures = 0
        } catch (error) {
          // Whatever it was, a defect as well: a lane that nobody reads any more would stop its rooms without a word.
          telemetry.error('A lane cannot be read; subscribing again', error, { lane })
        }
        tried.resolve()
        await pause(backoffMs(++failures), stopping)
      }
    }

    const working = work()
    await tried.promise
    return {
      stop: async () => {
        stop.abort()
        await working
      },
    }
  },
})

const recordOf = ({ content, fields, properties }: ConsumeMessage): LaneRecord => ({
  body: content.toString('utf8'),
  redelivered: fields.redelivered,
  messageId: String(properties.messageId ?? ''),
})
