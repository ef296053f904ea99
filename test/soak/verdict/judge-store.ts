import type { Finding } from './finding.ts'
import type { Clocks, RoomLog } from './room-log.ts'
import type { StoredEntry } from './stored-entries.ts'

/** The log by itself: no hole, no overlap, no message twice, no new epoch before its time. */
export const judgeStore = (roomId: string, { entries }: RoomLog, clocks: Clocks): readonly Finding[] => [
  ...entries.map(({ userId }) => ({ client: userId, roomId, counts: { stored: 1 } })),
  ...entries.flatMap((entry, index) => [
    ...misplaced(roomId, entry, entries[index - 1]),
    ...begunTooSoon(roomId, entry, entries[index - 1], clocks),
  ]),
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

/** A room goes on in its epoch unless what is stored last has less than an hour left. */
const begunTooSoon = (
  roomId: string,
  { epoch, sentAtMs }: StoredEntry,
  before: StoredEntry | undefined,
  { aheadMs, behindMs }: Clocks,
): readonly Finding[] => {
  if (before === undefined || before.epoch === epoch) return []
  const leftMs = (before.expiresAtMs ?? Number.POSITIVE_INFINITY) - sentAtMs
  if (leftMs <= hourMs + aheadMs + behindMs + slackMs) return []
  const problem = `${roomId}: ${epoch} began when the last message of ${before.epoch} had ${Math.round(leftMs / 60_000)} minutes left`
  return [{ roomId, counts: { outOfOrder: 1 }, problem }]
}

const hourMs = 60 * 60_000
/** What a message may wait between its time and its place. */
const slackMs = 60_000

const storedTwice = (roomId: string, entries: readonly StoredEntry[]): readonly Finding[] =>
  [...Map.groupBy(entries, ({ userId, clientMessageId }) => `${userId} ${clientMessageId ?? ''}`).values()]
    .filter(([first, second]) => first?.clientMessageId !== undefined && second !== undefined)
    .map((same) => ({
      client: same[0]?.userId ?? '',
      roomId,
      counts: { doubled: same.length - 1 },
      problem: `${roomId}: ${same[0]?.clientMessageId} is stored ${same.length} times, as seq ${same.map(({ seq }) => seq).join(', ')}`,
    }))
