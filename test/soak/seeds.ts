import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { makeMessageLog } from '../../adapters/dynamodb/log/message-log.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import type { MessageLog } from '../../core/ports.ts'
import { below, type Random } from './random.ts'
import { type RoomKind, soakRooms } from './rooms.ts'
import type { StoredEntry } from './verdict/stored-entries.ts'

type Options = {
  readonly client: DynamoDBClient
  readonly tableName: string
  /** How long the soak will last. */
  readonly durationMs: number
  readonly random: Random
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** The shortest retention that there is; the nodes' own is the same. */
export const retentionDays = 1
const retentionMs = retentionDays * 24 * hourMs
/** Entries of a seeded room. */
const seededEntries: Record<RoomKind, number> = { open: 0, graded: 300, ending: 60 }
/** Most entries that are stored at once. */
const maxGroup = 6

/**
 * Gives rooms a history, through the log's own adapter with a clock in the past. Resolves with what was stored, as the
 * log told it: the engine may have removed some of it by then.
 */
export const seedRooms = async (options: Options): Promise<readonly StoredEntry[]> => {
  const { client, tableName, durationMs, random } = options
  const startMs = Date.now()
  let nowMs = startMs
  const clock = () => nowMs
  const log = makeMessageLog({ client, tableName, clock, newId: makeIdSource({ clock }), retentionMs })
  const seeded: StoredEntry[] = []
  for (const { roomId, kind } of soakRooms) {
    const count = seededEntries[kind]
    for (let written = 0; written < count; ) {
      nowMs = startMs + expiryAfterMs(kind, written / count, durationMs) - retentionMs
      const size = Math.min(1 + below(random, maxGroup), count - written)
      seeded.push(...(await append(log, roomId, written, size, nowMs)))
      written += size
    }
  }
  return seeded
}

/** When an entry expires, since the start: part of a graded room has, part will during the soak, part will not. */
const expiryAfterMs = (kind: RoomKind, share: number, durationMs: number): number => {
  if (kind === 'ending') return 30 * minuteMs + share * minuteMs
  if (share < expired) return -hourMs + (share / expired) * (hourMs - minuteMs)
  if (share < expired + expiring) return ((share - expired) / expiring) * durationMs
  return 3 * hourMs
}
const expired = 0.15
const expiring = 0.6

/** Stores entries at once, and so in runs of several. */
const append = async (
  log: MessageLog,
  roomId: string,
  from: number,
  size: number,
  nowMs: number,
): Promise<readonly StoredEntry[]> => {
  const ids = Array.from({ length: size }, (_, index) => `seed.${roomId}.${from + index + 1}`)
  const appended = await Promise.all(
    ids.map((id) =>
      log.append({
        roomId,
        kind: 'text',
        messageId: crypto.randomUUID(),
        clientMessageId: id,
        sender: { userId: 'seed' },
        content: `${id} `,
        sentAtMs: nowMs,
      }),
    ),
  )
  return appended.map(({ epoch, entry: { seq, messageId, clientMessageId, sender, sentAtMs } }) => ({
    roomId,
    // It is the room's first epoch.
    position: seq,
    epoch,
    seq,
    messageId,
    clientMessageId,
    userId: sender.userId,
    sentAtMs,
    // To the second, as the store keeps it; the clock only goes forwards here.
    expiresAtMs: Math.ceil((nowMs + retentionMs) / 1000) * 1000,
  }))
}
