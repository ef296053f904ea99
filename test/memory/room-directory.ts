import type { Member } from '../../core/domain/identity.ts'
import { keyBoundsOf, type SlotRange, slotKeyOf } from '../../core/domain/slots.ts'
import type { Clock, RoomDirectory } from '../../core/ports.ts'

type Options = {
  readonly clock: Clock
  /** Most members in a page. Default: 500. */
  readonly membersPerPage?: number
}

/** A room's rows by their keys, which begin with the slot. */
type Room = {
  readonly rows: Map<string, Member>
  /** The keys in order; undefined until somebody asks for it again. */
  sorted: readonly string[] | undefined
}

/** Lives and dies with the process, and its index never lags. Tombstones are kept for as long as it lives. */
export const makeRoomDirectory = ({ clock, membersPerPage = 500 }: Options): RoomDirectory => {
  const rooms = new Map<string, Room>()
  const buried = new Set<string>()

  const findRow = (roomId: string, key: string): Member | undefined => {
    const member = rooms.get(roomId)?.rows.get(key)
    if (member === undefined || member.expiresAtMs > clock()) return member
    removeRow(roomId, key)
    return undefined
  }
  const removeRow = (roomId: string, key: string) => {
    const room = rooms.get(roomId)
    if (room?.rows.delete(key)) room.sorted = undefined
    if (room?.rows.size === 0) rooms.delete(roomId)
  }
  const find = (roomId: string, connectionId: string) => findRow(roomId, slotKeyOf(connectionId))
  const remove = (roomId: string, connectionId: string) => removeRow(roomId, slotKeyOf(connectionId))

  const put = (member: Member) => {
    const room: Room = rooms.get(member.roomId) ?? { rows: new Map(), sorted: undefined }
    const key = slotKeyOf(member.connectionId)
    if (!room.rows.has(key)) room.sorted = undefined
    room.rows.set(key, member)
    rooms.set(member.roomId, room)
  }
  const keysOf = (roomId: string, slots: SlotRange | undefined): readonly string[] => {
    const room = rooms.get(roomId)
    if (room === undefined) return []
    room.sorted ??= [...room.rows.keys()].sort()
    return slots ? between(room.sorted, slots) : room.sorted
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
    members: async function* (roomId, slots) {
      const keys = keysOf(roomId, slots)
      for (let from = 0; from < keys.length; from += membersPerPage) {
        const page = keys.slice(from, from + membersPerPage).flatMap((key) => findRow(roomId, key) ?? [])
        if (page.length > 0) yield page
      }
    },
    roomsOf: async (userId, connectionId) =>
      [...rooms.keys()].filter((roomId) => find(roomId, connectionId)?.userId === userId),
    markGone: async (connectionId) => {
      buried.add(connectionId)
    },
  }
}

const between = (keys: readonly string[], slots: SlotRange): readonly string[] => {
  const { lowest, highest } = keyBoundsOf(slots)
  return keys.slice(countBelow(keys, lowest), countBelow(keys, highest))
}

/** How many of the keys, which are in order, come before a text. */
const countBelow = (keys: readonly string[], text: string): number => {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? '') < text) low = middle + 1
    else high = middle
  }
  return low
}
