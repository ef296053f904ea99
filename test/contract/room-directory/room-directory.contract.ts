import { beforeAll, describe, expect, it } from 'vitest'
import { slotOf } from '../../../core/domain/slots.ts'
import { type DirectorySetup, newConnectionId, newRoomId, setUpDirectory } from './room-directory-fixture.ts'

/** What every RoomDirectory promises, whatever it is built on. */
export const roomDirectoryContract = (name: string, setup: DirectorySetup): void => {
  describe(`room directory over ${name}`, () => {
    let given: Awaited<ReturnType<typeof setUpDirectory>>

    beforeAll(async () => {
      given = await setUpDirectory(setup)
    })

    it('finds and lists a member as it joined', async () => {
      const member = given.memberWith()

      expect(await given.directory.join(member)).toBe(true)

      expect(await given.directory.find(member.roomId, member.connectionId)).toEqual(member)
      expect(await given.membersOf(member.roomId)).toEqual([member])
      await given.eventuallyRoomsOf(member.userId, member.connectionId, [member.roomId])
    })

    it('keeps a member without a name as one without a name', async () => {
      const { name: _, ...nameless } = given.memberWith()

      await given.directory.join(nameless)

      expect(await given.directory.find(nameless.roomId, nameless.connectionId)).toStrictEqual(nameless)
    })

    it('knows nothing of a room that nobody is in', async () => {
      const roomId = newRoomId()

      expect(await given.directory.find(roomId, newConnectionId())).toBeUndefined()
      expect(await given.pagesOf(roomId)).toEqual([])
      expect(await given.directory.roomsOf('ada', newConnectionId())).toEqual([])
    })

    it('forgets a member that leaves and keeps the others', async () => {
      const [leaver, stayer] = [given.memberWith(), given.memberWith()]
      const roomId = stayer.roomId
      await given.directory.join({ ...leaver, roomId })
      await given.directory.join(stayer)

      await given.directory.leave(roomId, leaver.connectionId)

      expect(await given.directory.find(roomId, leaver.connectionId)).toBeUndefined()
      expect(await given.membersOf(roomId)).toEqual([stayer])
      await given.eventuallyRoomsOf(leaver.userId, leaver.connectionId, [])
    })

    it('takes it calmly when a connection leaves a room that it is not in', async () => {
      await expect(given.directory.leave(newRoomId(), newConnectionId())).resolves.toBeUndefined()
    })

    it('lets a connection that left come back', async () => {
      const member = given.memberWith()
      await given.directory.join(member)
      await given.directory.leave(member.roomId, member.connectionId)

      expect(await given.directory.join(member)).toBe(true)

      expect(await given.membersOf(member.roomId)).toEqual([member])
    })

    it('keeps one row, the newest, for a member that joins again', async () => {
      const member = given.memberWith()
      const renewed = { ...member, name: 'Ada L.', expiresAtMs: member.expiresAtMs + 60_000 }
      await given.directory.join(member)

      expect(await given.directory.join(renewed)).toBe(true)

      expect(await given.membersOf(member.roomId)).toEqual([renewed])
      expect(await given.directory.find(member.roomId, member.connectionId)).toEqual(renewed)
      await given.eventuallyRoomsOf(member.userId, member.connectionId, [member.roomId])
    })

    it('holds one connection in several rooms', async () => {
      const member = given.memberWith()
      const rooms = [member.roomId, newRoomId(), `${newRoomId()}:a.b_c`]
      await Promise.all(rooms.map((roomId) => given.directory.join({ ...member, roomId })))
      await given.eventuallyRoomsOf(member.userId, member.connectionId, rooms)

      await given.directory.leave(member.roomId, member.connectionId)

      await given.eventuallyRoomsOf(member.userId, member.connectionId, rooms.slice(1))
      for (const roomId of rooms.slice(1)) {
        expect(await given.membersOf(roomId)).toEqual([{ ...member, roomId }])
      }
    })

    it('lists the rooms of a connection in more rooms than one read of the store can hold', async () => {
      const member = given.memberWith()
      const rooms = Array.from({ length: 120 }, newRoomId)

      await given.fill(rooms.map((roomId) => ({ ...member, roomId })))

      await given.eventuallyRoomsOf(member.userId, member.connectionId, rooms)
    })

    it("keeps a user's two tabs apart", async () => {
      const one = given.memberWith()
      const other = given.memberWith({ roomId: one.roomId })
      const elsewhere = { ...other, roomId: newRoomId() }
      await Promise.all([one, other, elsewhere].map(given.directory.join))

      expect(await given.membersOf(one.roomId)).toHaveLength(2)
      await given.eventuallyRoomsOf('ada', one.connectionId, [one.roomId])
      await given.eventuallyRoomsOf('ada', other.connectionId, [one.roomId, elsewhere.roomId])
      await given.eventuallyRoomsOf('bob', one.connectionId, [])
    })

    it.each([
      ['quotes, brackets and a backslash', '"Robert\'); {drop} \\ :roomId #'],
      ['another script and a combined emoji', 'Ζωή 👩‍👩‍👧 مرحبا'],
      ['nothing in it', ''],
    ])('keeps names and ids with %s to the letter', async (_, odd) => {
      const member = given.memberWith({
        userId: odd || '#',
        name: odd,
        connectionId: `${newConnectionId()}/+#%`,
        endpoint: 'http://[::1]:8080/a/b',
      })

      await given.directory.join(member)

      expect(await given.directory.find(member.roomId, member.connectionId)).toEqual(member)
      expect(await given.membersOf(member.roomId)).toEqual([member])
      await given.eventuallyRoomsOf(member.userId, member.connectionId, [member.roomId])
    })

    it('hands out 3,000 members page by page, in the order of their slots, each once', async () => {
      const roomId = newRoomId()
      const members = Array.from({ length: 3000 }, (_, index) =>
        given.memberWith({
          roomId,
          userId: `user-${index % 1000}`,
          expiresAtMs: index === 77 ? given.now() : given.now() + 60_000,
        }),
      )
      await given.fill(members)

      const pages = await given.pagesOf(roomId)

      const ids = pages.flat().map(({ connectionId }) => connectionId)
      expect(pages.length).toBeGreaterThanOrEqual(6)
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(500)
      expect(Math.min(...pages.map((page) => page.length))).toBeGreaterThan(0)
      expect(new Set(ids).size).toBe(2999)
      expect(ids).toHaveLength(2999)
      expect(ids.map(slotOf)).toEqual(ids.map(slotOf).sort())
    })

    it('lets a reader stop after the first page', async () => {
      const member = given.memberWith()
      await given.directory.join(member)

      for await (const page of given.directory.members(member.roomId)) {
        expect(page).toEqual([member])
        break
      }

      expect(await given.membersOf(member.roomId)).toEqual([member])
    })
  })
}
