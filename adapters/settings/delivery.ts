import * as v from 'valibot'
import { defaultLargeRoomMembers } from '../../core/delivery/large-rooms.ts'
import { numberOr } from './settings.ts'

/** Where those who deliver read when a room is large. The variable's 0 is null: no room ever is. */
export const deliveryEntries = {
  LARGE_ROOM_MEMBERS: v.pipe(
    numberOr(defaultLargeRoomMembers, 0, 1_000_000),
    v.transform((members) => (members === 0 ? null : members)),
  ),
} as const
