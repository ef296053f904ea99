import type { MessagesJob } from '../domain/job.ts'
import type { BoundedMap } from '../primitives/bounded-map.ts'
import type { makeBatchOf } from './batches.ts'
import type { makeMembersUnlessLarge } from './large-rooms.ts'
import { deliveredAfter, planDelivery, type SeqRange } from './plan.ts'
import type { makeServeMembers } from './serve-members.ts'
import type { makeSplitRoom } from './split-room.ts'

type Deps = {
  /** Last delivered range by audience: a hint that survives the batch. */
  readonly delivered: BoundedMap<string, SeqRange>
  readonly membersUnlessLarge: ReturnType<typeof makeMembersUnlessLarge>
  readonly batchOf: ReturnType<typeof makeBatchOf>
  readonly splitRoom: ReturnType<typeof makeSplitRoom>
  readonly serve: ReturnType<typeof makeServeMembers>
}

/** Delivers messages to all members of a room, or splits a large room over the bulk lanes, but never both. */
export const makeDeliverRoom =
  ({ delivered, membersUnlessLarge, batchOf, splitRoom, serve }: Deps) =>
  async (roomId: string, jobs: readonly MessagesJob[]): Promise<void> => {
    for (const range of planDelivery(jobs.map(rangeOf), delivered.get(roomId))) {
      const members = await membersUnlessLarge(roomId)
      if (members === 'large') {
        await splitRoom(roomId, range)
      } else {
        const atHand = jobs.flatMap(({ epoch, entries }) => (epoch === range.epoch ? entries : []))
        const batch = await batchOf(roomId, range, atHand)
        if (batch) for await (const page of members) await serve(batch, page, 0)
      }
      delivered.set(roomId, deliveredAfter(delivered.get(roomId), range))
    }
  }

const rangeOf = ({ epoch, entries }: MessagesJob): SeqRange => ({
  epoch,
  from: entries[0]?.seq ?? 0,
  to: entries.at(-1)?.seq ?? 0,
})
