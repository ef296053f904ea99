import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { makeMessageLog } from '../../adapters/dynamodb/message-log.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import type { MessageLog } from '../../core/ports.ts'
import { below, type Random } from './random.ts'
import { type RoomKind, soakRooms } from './rooms.ts'
import { readRuns, type StoredRun } from './stored-entries.ts'

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

/** Gives rooms a history, through the log's own adapter with a clock in the past; resolves with what is then stored. */
export const seedRooms = async (options: Options): Promise<readonly StoredRun[]> => {
  const { client, tableName, durationMs, random } = options
  const startMs = Date.now()
  let nowMs = startMs
  const clock = () => nowMs
  const log = makeMessageLog({ client, tableName, clock, newId: makeIdSource({ clock }), retentionMs })
  for (const { roomId, kind } of soakRooms) {
    const count = seededEntries[kind]
    for (let written = 0; written < count; ) {
      nowMs = startMs + expiryAfterMs(kind, written / count, durationMs) - retentionMs
      const size = Math.min(1 + below(random, maxGroup), count - written)
      await append(log, roomId, written, size, nowMs)
      written += size
    }
  }
  return readRuns(client, tableName)
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

const append = async (log: MessageLog, roomId: string, from: number, size: number, sentAtMs: number) => {
  const drafts = Array.from({ length: size }, (_, index) => {
    const id = `seed.${roomId}.${from + index + 1}`
    return {
      roomId,
      kind: 'text' as const,
      messageId: crypto.randomUUID(),
      clientMessageId: id,
      sender: { userId: 'seed' },
      content: `${id} `,
      sentAtMs,
    }
  })
  await Promise.all(drafts.map(log.append))
}
