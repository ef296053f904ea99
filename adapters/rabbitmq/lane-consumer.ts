import type { ConsumeMessage } from 'amqplib'
import type { LaneRecord } from '../../core/domain/job.ts'
import { handOver } from '../../core/domain/redelivery.ts'
import type { LaneConsumer, Telemetry } from '../../core/ports.ts'
import { backoffMs, pause } from '../../core/primitives/timing.ts'
import type { BrokerConnection } from './connection.ts'
import { type LaneChannel, openLaneChannel } from './lane-channel.ts'
import type { Topology } from './topology.ts'

type Deps = {
  /** Connection for reading only: a broker short of memory blocks publishing connections, and with them acknowledgements. */
  readonly connection: BrokerConnection
  readonly topology: Topology
  readonly telemetry: Telemetry
}

/**
 * Reads lanes from RabbitMQ. A subscription survives outages: it subscribes again with growing pauses until it is stopped.
 * The call of `subscribe` resolves after the first attempt, whether or not the broker was available.
 *
 * A batch stays unacknowledged until it is accepted or becomes a dead letter. After a lost connection, the broker delivers it
 * again.
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
          telemetry.error('A batch was rejected', error, {
            lane,
            rejections,
            records: batch.length,
          }),
      })
      if (outcome === 'done') channel.acknowledge(batch)
      if (outcome === 'exhausted') {
        channel.deadLetter(batch)
        telemetry.count('deadLettered', batch.length)
      }
    }

    /** Reads until the lane is lost or the subscription stops. */
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
          // Any error, even a defect: a lane without a reader would silently stop its rooms.
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
