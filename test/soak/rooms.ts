/**
 * - `open`: begins without a message
 * - `graded`: has a history that expires bit by bit while the soak runs, and an end that does not
 * - `ending`: has a history that ends within the hour, so that the next message begins a new epoch
 */
export type RoomKind = 'open' | 'graded' | 'ending'

export type SoakRoom = { readonly roomId: string; readonly kind: RoomKind }

export const soakRooms: readonly SoakRoom[] = [
  { roomId: 'open-1', kind: 'open' },
  { roomId: 'open-2', kind: 'open' },
  { roomId: 'open-3', kind: 'open' },
  { roomId: 'graded-1', kind: 'graded' },
  { roomId: 'graded-2', kind: 'graded' },
  { roomId: 'ending-1', kind: 'ending' },
]

/** Each client is in two thirds of the rooms. */
export const roomsOf = (client: number): readonly SoakRoom[] =>
  soakRooms.filter((_, index) => (client + index) % 3 !== 0)
