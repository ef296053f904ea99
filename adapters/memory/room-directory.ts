import { slotOf } from '../../core/domain/lanes.ts'
import type { Clock, Member, RoomDirectory } from '../../core/ports.ts'

type Options = {
  readonly clock: Clock
  /** Most members in a page. Default: 500. */
  readonly membersPerPage?: number
}

type Room = Map<string, Member>

/** Lives and dies with the process, and its index never lags. Tombstones are kept for as long as it lives. */
export const makeRoomDirectory = ({ clock, membersPerPage = 500 }: Options): RoomDirectory => {
  const rooms = new Map<string, Room>()
  const buried = new Set<string>()

  const find = (roomId: string, connectionId: string): Member | undefined => {
    const member = rooms.get(roomId)?.get(connectionId)
    if (member === undefined || member.expiresAtMs > clock()) return member
    remove(roomId, connectionId)
    return undefined
  }
  const remove = (roomId: string, connectionId: string) => {
    const room = rooms.get(roomId)
    room?.delete(connectionId)
    if (room?.size === 0) rooms.delete(roomId)
  }
  const present = (roomId: string) => (connectionId: string) => find(roomId, connectionId) ?? []

  const put = (member: Member) => {
    const room: Room = rooms.get(member.roomId) ?? new Map()
    rooms.set(member.roomId, room.set(member.connectionId, member))
  }

  return {
    join: async (member) => {
      if (buried.has(member.connectionId)) {
        remove(member.roomId, member.connectionId)
        return false
      }
      put(member)
      return true
    },
    renew: async (roomId, connectionId, expiresAtMs) => {
      const member = find(roomId, connectionId)
      if (member) put({ ...member, expiresAtMs })
      return member !== undefined
    },
    leave: async (roomId, connectionId) => remove(roomId, connectionId),
    find: async (roomId, connectionId) => find(roomId, connectionId),
    members: async function* (roomId) {
      const connectionIds = [...(rooms.get(roomId)?.keys() ?? [])].sort(bySlot)
      for (let from = 0; from < connectionIds.length; from += membersPerPage) {
        const page = connectionIds.slice(from, from + membersPerPage).flatMap(present(roomId))
        if (page.length > 0) yield page
      }
    },
    roomsOf: async (userId, connectionId) =>
      [...rooms.keys()].filter((roomId) => find(roomId, connectionId)?.userId === userId),
    bury: async (connectionId) => {
      buried.add(connectionId)
    },
  }
}

const bySlot = (one: string, other: string): number => {
  const [left, right] = [`${slotOf(one)}#${one}`, `${slotOf(other)}#${other}`]
  return left < right ? -1 : left > right ? 1 : 0
}
