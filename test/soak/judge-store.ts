import type { Finding } from './finding.ts'
import type { RoomLog } from './room-log.ts'
import type { StoredEntry } from './stored-entries.ts'

/** The log by itself: no hole, no overlap, no message twice. */
export const judgeStore = (roomId: string, { entries }: RoomLog): readonly Finding[] => [
  ...entries.map(({ userId }) => ({ client: userId, roomId, counts: { stored: 1 } })),
  ...entries.flatMap((entry, index) => misplaced(roomId, entry, entries[index - 1])),
  ...storedTwice(roomId, entries),
]

const misplaced = (
  roomId: string,
  { position, epoch, seq }: StoredEntry,
  before: StoredEntry | undefined,
): readonly Finding[] => {
  const isNext = before === undefined || position === before.position + 1
  const dueSeq = before?.epoch === epoch ? before.seq + 1 : 1
  if (isNext && seq === dueSeq) return []
  const problem = `${roomId}: seq ${seq} of ${epoch} stands at position ${position}, after position ${before?.position ?? 0} with seq ${before?.seq ?? 0}`
  return [{ roomId, counts: { outOfOrder: 1 }, problem }]
}

const storedTwice = (roomId: string, entries: readonly StoredEntry[]): readonly Finding[] =>
  [...Map.groupBy(entries, ({ userId, clientMessageId }) => `${userId} ${clientMessageId ?? ''}`).values()]
    .filter(([first, second]) => first?.clientMessageId !== undefined && second !== undefined)
    .map((same) => ({
      client: same[0]?.userId ?? '',
      roomId,
      counts: { doubled: same.length - 1 },
      problem: `${roomId}: ${same[0]?.clientMessageId} is stored ${same.length} times, as seq ${same.map(({ seq }) => seq).join(', ')}`,
    }))
