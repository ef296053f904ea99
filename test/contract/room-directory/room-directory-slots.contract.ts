import { beforeAll, describe, expect, it } from 'vitest'
import type { Member } from '../../../core/domain/identity.ts'
import { type SlotRange, slotOf, slotRanges } from '../../../core/domain/slots.ts'
import { type DirectorySetup, newConnectionId, newRoomId, setUpDirectory } from './room-directory-fixture.ts'

/** What every RoomDirectory promises about the parts of a room. */
export const roomDirectorySlotsContract = (name: string, setup: DirectorySetup): void => {
  describe(`slot ranges of a room over ${name}`, () => {
    let given: Awaited<ReturnType<typeof setUpDirectory>>

    beforeAll(async () => {
      given = await setUpDirectory(setup)
    })

    const idsOf = (members: readonly Member[]) => members.map(({ connectionId }) => connectionId)
    const inRange = ({ first, last }: SlotRange, connectionId: string) =>
      first <= slotOf(connectionId) && slotOf(connectionId) <= last
    /** A connection in a range. */
    const connectionIn = (range: SlotRange): string => {
      for (;;) {
        const id = newConnectionId()
        if (inRange(range, id)) return id
      }
    }

    it('lists those members of a range that there are, as they joined', async () => {
      const roomId = newRoomId()
      const [third = everySlot, tenth = everySlot] = [slotRanges[2], slotRanges[9]]
      const member = given.memberWith({ roomId, connectionId: connectionIn(third) })
      const other = given.memberWith({ roomId, connectionId: connectionIn(tenth) })
      await Promise.all([given.directory.join(member), given.directory.join(other)])

      expect(await given.membersOf(roomId, third)).toEqual([member])
      expect(await given.membersOf(roomId, tenth)).toEqual([other])
      expect(await given.pagesOf(roomId, slotRanges[0])).toEqual([])
      expect(await given.pagesOf(newRoomId(), third)).toEqual([])
    })

    it('gives each of 2,000 members once, in its range, page by page, over all ranges', async () => {
      const roomId = newRoomId()
      const members = Array.from({ length: 2_000 }, () => given.memberWith({ roomId }))
      await given.fill(members)

      const parts = await Promise.all(slotRanges.map((range) => given.membersOf(roomId, range)))

      for (const [index, part] of parts.entries()) {
        const range = slotRanges[index] ?? everySlot
        const slots = idsOf(part).map(slotOf)
        expect(idsOf(part).every((id) => inRange(range, id))).toBe(true)
        expect(slots).toEqual(slots.toSorted())
      }
      expect(idsOf(parts.flat()).sort()).toEqual(idsOf(members).sort())
      const pages = await given.pagesOf(roomId, everySlot)
      expect(idsOf(pages.flat()).sort()).toEqual(idsOf(members).sort())
      expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(500)
    })

    it('counts both ends of a range in, whatever the connection is called', async () => {
      const roomId = newRoomId()
      const odd = ['', '#', '~', 'z'.repeat(64), 'é', '🙂', '\uffff'].map(
        (tail) => `${newConnectionId()}${tail}`,
      )
      const members = odd.map((connectionId) => given.memberWith({ roomId, connectionId }))
      await Promise.all(members.map(given.directory.join))

      for (const connectionId of odd) {
        const slot = slotOf(connectionId)
        const found = idsOf(await given.membersOf(roomId, { first: slot, last: slot }))
        expect(found.sort()).toEqual(odd.filter((id) => slotOf(id) === slot).sort())
      }
    })

    it('sees at once who joins, leaves or expires', async () => {
      const roomId = newRoomId()
      const member = given.memberWith({ roomId })
      const range = slotRanges.find((slots) => inRange(slots, member.connectionId))
      await given.directory.join(member)
      expect(await given.membersOf(roomId, range)).toEqual([member])

      await given.directory.leave(roomId, member.connectionId)
      expect(await given.membersOf(roomId, range)).toEqual([])

      await given.directory.join({ ...member, expiresAtMs: given.now() })
      expect(await given.membersOf(roomId, range)).toEqual([])
    })
  })
}

const everySlot: SlotRange = { first: '0000', last: 'ffff' }
