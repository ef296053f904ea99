import { expect, vi } from 'vitest'
import type { Member } from '../../../core/domain/identity.ts'
import type { SlotRange } from '../../../core/domain/slots.ts'
import type { Clock, RoomDirectory } from '../../../core/ports.ts'
import { makeClock } from '../../memory/clock.ts'

export type DirectorySetup = (options: {
  readonly clock: Clock
  readonly membersPerPage: number
}) => Promise<{
  readonly directory: RoomDirectory
  /** Makes many connections members at once, as if each had joined. */
  readonly fill: (members: readonly Member[]) => Promise<void>
}>

/** A directory under test, a clock to turn, and members to put into it. */
export const setUpDirectory = async (setup: DirectorySetup) => {
  // From now on, and in steps of minutes: DynamoDB Local really removes what has expired by the machine's clock.
  const { clock, advance } = makeClock(Date.now())
  const { directory, fill } = await setup({ clock, membersPerPage: 500 })

  const memberWith = (values: Partial<Member> = {}): Member => ({
    connectionId: newConnectionId(),
    endpoint: 'https://abc123.execute-api.eu-central-1.amazonaws.com/prod',
    roomId: newRoomId(),
    userId: 'ada',
    name: 'Ada',
    joinedAtMs: clock(),
    expiresAtMs: clock() + 60_000,
    tokenExpiresAtMs: clock() + 3_600_000,
    ...values,
  })
  const pagesOf = (roomId: string, slots?: SlotRange) => Array.fromAsync(directory.members(roomId, slots))
  /** The index may lag: what is expected of it must come true soon. */
  const eventuallyRoomsOf = (userId: string, connectionId: string, rooms: readonly string[]) =>
    vi.waitFor(
      async () =>
        expect([...(await directory.roomsOf(userId, connectionId))].sort()).toEqual([...rooms].sort()),
      { timeout: 5000 },
    )
  return {
    directory,
    fill,
    now: clock,
    passMs: advance,
    memberWith,
    pagesOf,
    membersOf: async (roomId: string, slots?: SlotRange) => (await pagesOf(roomId, slots)).flat(),
    eventuallyRoomsOf,
  }
}

let connections = 0
export const newConnectionId = () => `c${++connections}-L0SM9cOFvHcCIhw=`
export const newRoomId = () => `room-${crypto.randomUUID()}`
