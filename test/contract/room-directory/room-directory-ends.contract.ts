import { beforeAll, describe, expect, it } from 'vitest'
import { type DirectorySetup, newRoomId, setUpDirectory } from './room-directory-fixture.ts'

/** What every RoomDirectory promises about rows that expire and connections that are gone. */
export const roomDirectoryEndsContract = (name: string, setup: DirectorySetup): void => {
  describe(`ends of membership over ${name}`, () => {
    let given: Awaited<ReturnType<typeof setUpDirectory>>

    beforeAll(async () => {
      given = await setUpDirectory(setup)
    })

    it('leaves nothing behind when two tabs of a user close at once', async () => {
      const roomId = newRoomId()
      const tabs = [given.memberWith({ roomId }), given.memberWith({ roomId })]
      await Promise.all(tabs.map(given.directory.join))
      for (const { userId, connectionId } of tabs)
        await given.eventuallyRoomsOf(userId, connectionId, [roomId])

      await Promise.all(
        tabs.map(async ({ userId, connectionId }) => {
          await given.directory.markGone(connectionId)
          const rooms = await given.directory.roomsOf(userId, connectionId)
          await Promise.all(rooms.map((roomId) => given.directory.leave(roomId, connectionId)))
        }),
      )

      expect(await given.membersOf(roomId)).toEqual([])
      for (const { userId, connectionId } of tabs) await given.eventuallyRoomsOf(userId, connectionId, [])
    })

    it('counts a row as gone from its last ms on, in every way to look at it', async () => {
      const short = given.memberWith({ expiresAtMs: given.now() + 600_000 })
      const long = given.memberWith({ roomId: short.roomId, expiresAtMs: given.now() + 600_001 })
      await Promise.all([short, long].map(given.directory.join))
      await given.eventuallyRoomsOf(short.userId, short.connectionId, [short.roomId])

      given.passMs(599_999)
      expect(await given.membersOf(short.roomId)).toHaveLength(2)
      given.passMs(1)

      expect(await given.directory.find(short.roomId, short.connectionId)).toBeUndefined()
      expect(await given.membersOf(short.roomId)).toEqual([long])
      expect(await given.directory.roomsOf(short.userId, short.connectionId)).toEqual([])
      expect(await given.directory.find(long.roomId, long.connectionId)).toEqual(long)
      await given.eventuallyRoomsOf(long.userId, long.connectionId, [long.roomId])
    })

    it('makes an expired member one again when it joins', async () => {
      const member = given.memberWith({ expiresAtMs: given.now() + 600_000 })
      await given.directory.join(member)
      given.passMs(600_000)
      const renewed = { ...member, expiresAtMs: given.now() + 600_000 }

      expect(await given.directory.join(renewed)).toBe(true)

      expect(await given.membersOf(member.roomId)).toEqual([renewed])
    })

    it('puts off the end of a row when it is renewed, and changes nothing else in it', async () => {
      const member = given.memberWith({ expiresAtMs: given.now() + 600_000 })
      const other = given.memberWith({ roomId: member.roomId, expiresAtMs: given.now() + 600_000 })
      await Promise.all([member, other].map(given.directory.join))
      const expiresAtMs = given.now() + 1_200_000

      expect(await given.directory.renew(member.roomId, member.connectionId, expiresAtMs)).toBe(true)

      given.passMs(600_000)
      expect(await given.directory.find(member.roomId, member.connectionId)).toEqual({
        ...member,
        expiresAtMs,
      })
      expect(await given.membersOf(member.roomId)).toEqual([{ ...member, expiresAtMs }])
      await given.eventuallyRoomsOf(member.userId, member.connectionId, [member.roomId])
      given.passMs(600_000)
      expect(await given.membersOf(member.roomId)).toEqual([])
    })

    it('renews no row of a connection that has left or never came, and makes none', async () => {
      const [left, never] = [given.memberWith(), given.memberWith()]
      await given.directory.join(left)
      await given.directory.leave(left.roomId, left.connectionId)

      for (const { roomId, userId, connectionId, expiresAtMs } of [left, never]) {
        expect(await given.directory.renew(roomId, connectionId, expiresAtMs)).toBe(false)
        expect(await given.directory.find(roomId, connectionId)).toBeUndefined()
        expect(await given.membersOf(roomId)).toEqual([])
        expect(await given.directory.roomsOf(userId, connectionId)).toEqual([])
      }
    })

    it('does not bring a row back that has expired', async () => {
      const member = given.memberWith({ expiresAtMs: given.now() + 600_000 })
      await given.directory.join(member)
      given.passMs(600_000)

      expect(await given.directory.renew(member.roomId, member.connectionId, given.now() + 600_000)).toBe(
        false,
      )

      expect(await given.directory.find(member.roomId, member.connectionId)).toBeUndefined()
      expect(await given.membersOf(member.roomId)).toEqual([])
    })

    it('lets a leave stand that comes between finding a row and renewing it', async () => {
      const member = given.memberWith()
      await given.directory.join(member)
      const { roomId, connectionId } = member
      expect(await given.directory.find(roomId, connectionId)).toEqual(member)
      await given.directory.leave(roomId, connectionId)

      expect(await given.directory.renew(roomId, connectionId, member.expiresAtMs + 1)).toBe(false)

      expect(await given.membersOf(member.roomId)).toEqual([])
    })

    it('never undoes a leave that comes at the same time as a renewal', async () => {
      const members = Array.from({ length: 25 }, () => given.memberWith())
      await Promise.all(members.map(given.directory.join))

      await Promise.all(
        members.flatMap(({ roomId, connectionId, expiresAtMs }) => [
          given.directory.renew(roomId, connectionId, expiresAtMs + 1),
          given.directory.leave(roomId, connectionId),
        ]),
      )

      for (const { roomId } of members) expect(await given.membersOf(roomId)).toEqual([])
    })

    it('refuses a join of a connection that is buried, and leaves no row', async () => {
      const member = given.memberWith()
      await given.directory.markGone(member.connectionId)

      expect(await given.directory.join(member)).toBe(false)

      expect(await given.directory.find(member.roomId, member.connectionId)).toBeUndefined()
      expect(await given.membersOf(member.roomId)).toEqual([])
      await given.eventuallyRoomsOf(member.userId, member.connectionId, [])
    })

    it('takes the row of a buried connection back when it tries to renew it', async () => {
      const member = given.memberWith()
      await given.directory.join(member)
      await given.directory.markGone(member.connectionId)

      expect(await given.directory.join(member)).toBe(false)

      expect(await given.membersOf(member.roomId)).toEqual([])
    })

    it('keeps what a connection joined before it was buried, for $disconnect to find', async () => {
      const member = given.memberWith()
      await given.directory.join(member)

      await given.directory.markGone(member.connectionId)

      await given.eventuallyRoomsOf(member.userId, member.connectionId, [member.roomId])
    })

    it('never says yes to a join without a row to show for it, nor no with one, while it is being buried', async () => {
      const members = Array.from({ length: 25 }, () => given.memberWith())

      const joins = members.map(async (member) => {
        const [joined] = await Promise.all([
          given.directory.join(member),
          given.directory.markGone(member.connectionId),
        ])
        const found = await given.directory.find(member.roomId, member.connectionId)
        expect(found !== undefined).toBe(joined)
      })

      await Promise.all(joins)
    })

    it('buries one connection and no other', async () => {
      const [buried, living] = [given.memberWith(), given.memberWith()]

      await given.directory.markGone(buried.connectionId)
      await given.directory.markGone(buried.connectionId)

      expect(await given.directory.join(living)).toBe(true)
    })
  })
}
