import { ChatClientError } from '../../../client/api/errors.ts'
import { pause } from '../../../core/primitives/timing.ts'
import { below, between, type Random } from '../random.ts'
import type { Member } from './member.ts'
import type { Stoppable } from './reader.ts'

type Options = {
  readonly member: Member
  /** Those that it is in. */
  readonly rooms: readonly string[]
  readonly random: Random
}

/** Leaves one room or another, and joins it again after a while. Once it is stopped it is in all of them. */
export const startVisitor = ({ member, rooms, random }: Options): Stoppable => {
  const stopped = new AbortController()
  const { signal } = stopped
  const leave = async (roomId: string): Promise<void> => {
    try {
      await member.leave(roomId)
    } catch (error) {
      // For the client it is out of the room in any case.
      if (!(error instanceof ChatClientError)) throw error
    }
  }
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      await pause(between(random, 1_000, 8_000), signal)
      const roomId = rooms[below(random, rooms.length)]
      if (roomId === undefined || signal.aborted) return
      await leave(roomId)
      await pause(between(random, 0, 3_000), signal)
      await member.join(roomId)
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
