import { makeGroupPublishing } from '../../core/domain/group-publishing.ts'
import { encodeJob, type Job } from '../../core/domain/job.ts'
import { delayAtLeast, type Lane, type LaneCounts, laneNames, laneOfJob } from '../../core/domain/lanes.ts'
import { defaultDeliveryLimit } from '../../core/domain/redelivery.ts'
import type { LaneConsumer, RoomPublisher, Telemetry } from '../../core/ports.ts'
import { makeLane } from './lane.ts'

type Options = {
  readonly laneCounts: LaneCounts
  readonly telemetry: Telemetry
  /** Redeliveries of a rejected batch before it becomes a dead letter. Default: `defaultDeliveryLimit`. */
  readonly deliveryLimit?: number
}

type DeadLetter = { readonly body: string; readonly reason: string }

type Lanes = {
  readonly publisher: RoomPublisher
  readonly consumer: LaneConsumer
  /** Returns the last 1,000 dead letters, oldest first. */
  readonly deadLetters: () => readonly DeadLetter[]
  /** Puts a record with any body into a lane, for tests. */
  readonly put: (lane: Lane, body: string) => void
}

const maxDeadLetters = 1_000

/**
 * Creates the embedded broker: lanes inside this process. Queued and delayed jobs are lost with the process; clients recover
 * the messages from the log. Jobs pass as text, so that no object is shared by reference.
 */
export const makeLanes = ({
  laneCounts,
  telemetry,
  deliveryLimit = defaultDeliveryLimit,
}: Options): Lanes => {
  const deadLetters: DeadLetter[] = []
  let lastId = 0

  const deadLetter = (body: string, reason: string) => {
    deadLetters.push({ body, reason })
    if (deadLetters.length > maxDeadLetters) deadLetters.shift()
  }
  const lanes = new Map(
    laneNames(laneCounts).map((name) => [name, makeLane({ name, deliveryLimit, telemetry, deadLetter })]),
  )
  const laneNamed = (name: Lane) => {
    const lane = lanes.get(name)
    if (!lane) throw new Error(`There is no lane ${name}`)
    return lane
  }
  const put = (lane: Lane, body: string) => laneNamed(lane).put({ body, messageId: `memory-${++lastId}` })

  const publishNow = makeGroupPublishing(async (job) => put(laneOfJob(job, laneCounts), encodeJob(job)))
  const publishLater = (job: Job, delayMs: number) => {
    const body = encodeJob(job)
    const timer = setTimeout(() => put(laneOfJob(job, laneCounts), body), delayAtLeast(delayMs))
    timer.unref() // a delayed job does not keep the process alive
  }

  return {
    publisher: {
      ready: async () => undefined,
      publish: async (job, { delayMs = 0 } = {}) =>
        delayMs > 0 ? publishLater(job, delayMs) : publishNow(job),
      deadLetter: async (body, reason) => deadLetter(body, reason),
    },
    consumer: {
      subscribe: async (lane, onBatch, { batchSize }) => laneNamed(lane).subscribe(onBatch, batchSize),
    },
    deadLetters: () => [...deadLetters],
    put,
  }
}
