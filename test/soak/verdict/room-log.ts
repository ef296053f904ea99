import type { Cursor } from '../../../protocol/client-frames.ts'
import type { Stretch } from '../journal-lines.ts'
import type { StoredEntry } from './stored-entries.ts'

/** A room as it was stored, with what has expired since. */
export type RoomLog = {
  readonly at: (epoch: string, seq: number) => StoredEntry | undefined
  /** In their order, with the seq of their last entry. */
  readonly epochs: readonly { readonly epoch: string; readonly head: number }[]
  /** By position. */
  readonly entries: readonly StoredEntry[]
}

/** How far nodes' clocks were off at most, in ms: what has expired is for each node's own clock to say. */
export type Clocks = { readonly aheadMs: number; readonly behindMs: number }

export const indexLog = (entries: readonly StoredEntry[]): ReadonlyMap<string, RoomLog> =>
  new Map(
    [...Map.groupBy(entries, ({ roomId }) => roomId)].map(([roomId, ofRoom]) => [roomId, roomLogOf(ofRoom)]),
  )

const roomLogOf = (unsorted: readonly StoredEntry[]): RoomLog => {
  const entries = unsorted.toSorted((a, b) => a.position - b.position)
  const byPlace = new Map(entries.map((entry) => [`${entry.epoch} ${entry.seq}`, entry]))
  const heads = new Map<string, number>()
  for (const { epoch, seq } of entries) heads.set(epoch, Math.max(seq, heads.get(epoch) ?? 0))
  return {
    at: (epoch, seq) => byPlace.get(`${epoch} ${seq}`),
    epochs: [...heads].map(([epoch, head]) => ({ epoch, head })),
    entries,
  }
}

/** Entries that come after a cursor, in its epoch and in later ones. */
export const countAfter = ({ epochs }: RoomLog, { epoch, seq }: Cursor): number => {
  const index = epochs.findIndex((each) => each.epoch === epoch)
  const later = epochs.slice(index + 1).reduce((total, { head }) => total + head, 0)
  return later + Math.max(0, (epochs[index]?.head ?? seq) - seq)
}

/** Whether a cursor's epoch is over, as the log has it. */
export const isOver = ({ epochs }: RoomLog, epoch: string | null): boolean =>
  epoch !== null && epochs.some((each) => each.epoch === epoch) && epochs.at(-1)?.epoch !== epoch

/** Clocks of processes differ by what it takes to tell them; an expiry is a whole second. */
const slackMs = 2_000

/** Whether some node may have taken an entry for expired by then. */
export const mayHaveExpired = (
  entry: Pick<StoredEntry, 'expiresAtMs'> | undefined,
  byMs: number,
  { aheadMs }: Clocks,
): boolean => entry?.expiresAtMs !== undefined && entry.expiresAtMs <= byMs + aheadMs + slackMs

/** Whether every node must have taken an entry for expired by then. */
export const mustHaveExpired = (
  entry: Pick<StoredEntry, 'expiresAtMs'> | undefined,
  byMs: number,
  { behindMs }: Clocks,
): boolean => entry?.expiresAtMs !== undefined && entry.expiresAtMs <= byMs - behindMs - slackMs

/** Where a stretch says something else than the log: the first such seq. */
export const firstDifference = (log: RoomLog, { epoch, from, ids }: Stretch): number | undefined => {
  const index = ids.findIndex(
    (id, offset) => epoch === null || log.at(epoch, from + offset)?.messageId !== id,
  )
  return index === -1 ? undefined : from + index
}

export const countDifferences = (log: RoomLog, { epoch, from, ids }: Stretch): number =>
  ids.filter((id, offset) => epoch === null || log.at(epoch, from + offset)?.messageId !== id).length
