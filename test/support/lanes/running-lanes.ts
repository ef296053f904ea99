import { setTimeout as wait } from 'node:timers/promises'
import { makeLanes } from '../../../adapters/embedded/lanes.ts'
import { systemClock } from '../../../adapters/system/clock.ts'
import type { Connection } from '../../../core/domain/identity.ts'
import type { Job } from '../../../core/domain/job.ts'
import { memberOf } from '../../../core/membership.ts'
import type { FramePoster, RoomPublisher } from '../../../core/ports.ts'
import { makeDeliver } from '../../../core/use-cases/deliver.ts'
import { startLanePoller } from '../../../gateway/lambda/lane-poller.ts'
import { makeDeliverHandler } from '../../../lambdas/handlers/deliver.ts'
import { defaultLimits } from '../../../protocol/limits.ts'
import type { ServerFrame } from '../../../protocol/server-frames.ts'
import { makeIdSource } from '../../memory/id-source.ts'
import { makeMessageLog } from '../../memory/message-log.ts'
import { makeRoomDirectory } from '../../memory/room-directory.ts'
import { makeTelemetry } from '../../memory/telemetry.ts'
import { callerOf, messagesJob } from '../builders.ts'

type Options = {
  readonly largeRoomMembers: number | null
  /** Takes as long as a post does. */
  readonly post: (connection: Connection) => Promise<void>
  /** Told the seqs of each post once it is through. */
  readonly onPosted: (connectionId: string, seqs: readonly number[]) => void
}

/** Lanes that are read all the time, as the gateway reads them, over memory and a poster that is made up. */
export const startLanes = async ({ largeRoomMembers, post, onPosted }: Options) => {
  const laneCounts = { lanes: 2, bulkLanes: 2 }
  const telemetry = makeTelemetry()
  const clock = systemClock
  const newId = makeIdSource()
  const log = makeMessageLog({ clock, newId })
  const directory = makeRoomDirectory({ clock })
  const lanes = makeLanes({ laneCounts, telemetry })
  const jobs: Job['kind'][] = []
  const publisher: RoomPublisher = {
    ...lanes.publisher,
    publish: (job, options) => {
      jobs.push(job.kind)
      return lanes.publisher.publish(job, options)
    },
  }
  const seqsIn = makeSeqsIn()
  const poster: FramePoster = {
    post: async (connection, frame) => {
      await post(connection)
      onPosted(connection.connectionId, seqsIn(frame))
      return 'sent'
    },
    close: async () => 'sent',
  }
  const deps = {
    log,
    directory,
    publisher,
    poster,
    clock,
    telemetry,
    limits: defaultLimits,
    largeRoomMembers,
  }
  const handler = makeDeliverHandler({ deliver: makeDeliver({ ...deps, wait: (ms) => wait(ms) }), clock })
  const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 30_000 }
  const poller = await startLanePoller({
    consumer: lanes.consumer,
    counts: laneCounts,
    deliver: (event) => handler(event, context),
  })

  return {
    laneCounts,
    jobs,
    stop: poller.stop,
    telemetry,
    deadLetters: lanes.deadLetters,
    seat: async (roomId: string, connectionId: string) => {
      await directory.join(memberOf(callerOf(connectionId), roomId, clock() - 60_000))
    },
    /** Stores a message and publishes it, as send-message does. */
    speak: async (roomId: string) => {
      const draft = {
        roomId,
        kind: 'text',
        messageId: newId(),
        sender: { userId: 'ada' },
        content: 'hi',
      } as const
      const { epoch, entry } = await log.append({ ...draft, sentAtMs: clock() })
      await publisher.publish(messagesJob({ roomId, epoch, entries: [entry] }))
      return entry.seq
    },
  }
}

/** The seqs of a frame's messages. A frame for many members is read once: each is passed the same string. */
const makeSeqsIn = () => {
  let last: { readonly text: string; readonly seqs: readonly number[] } = { text: '', seqs: [] }
  return (text: string): readonly number[] => {
    if (text === last.text) return last.seqs
    const frame: ServerFrame = JSON.parse(text)
    last = { text, seqs: frame.type === 'messages' ? frame.messages.map(({ seq }) => seq) : [] }
    return last.seqs
  }
}
