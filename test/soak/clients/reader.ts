import { ChatClientError } from '../../../client/api/errors.ts'
import { pause } from '../../../core/primitives/timing.ts'
import type { Journal } from '../journal.ts'
import { below, between, type Random } from '../random.ts'
import type { Member } from './member.ts'
import { pageBack } from './paging.ts'

type Options = {
  readonly member: Member
  readonly rooms: readonly string[]
  readonly journal: Journal
  readonly random: Random
}

export type Stoppable = { readonly stop: () => Promise<void> }

/** Pages back through rooms with the SDK, from time to time, as somebody does who scrolls up. */
export const startReader = ({ member, rooms, journal, random }: Options): Stoppable => {
  const stopped = new AbortController()
  const read = async (roomId: string): Promise<void> => {
    const where = { client: member.client, roomId }
    const { problem, ...line } = await pageBack((before) =>
      member.history(roomId, before === undefined ? {} : { before }),
    )
    journal.write({ ...where, kind: 'paged', ...line })
    if (problem !== undefined) journal.write({ ...where, kind: 'wrong', what: `paging back: ${problem}` })
  }
  const work = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await pause(between(random, 2_000, 8_000), stopped.signal)
      const roomId = rooms[below(random, rooms.length)]
      if (roomId === undefined || stopped.signal.aborted) return
      try {
        await read(roomId)
      } catch (error) {
        // The SDK does not try history again: there will be a next time.
        if (!(error instanceof ChatClientError)) throw error
      }
    }
  }
  const working = work()
  return {
    stop: async () => {
      stopped.abort()
      await working
    },
  }
}
