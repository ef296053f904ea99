import type { Draft } from '../../core/domain/entry.ts'
import { type Entry, entryOf } from '../../core/domain/entry.ts'
import { expiredSince, searchAfter } from '../../core/domain/retry-window.ts'
import type { Clock, IdSource, MessageLog, PageRequest } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { defaultLimits, jsonBytes, type Limits } from '../../protocol/limits.ts'
import type { Head } from '../../protocol/server-frames.ts'

/** What is stored, by room; logs that are given the same one are writers of the same rooms. */
export type MessageStore = Map<string, Room>

/** A room's present epoch; never without an entry. */
type Room = { readonly epoch: string; readonly kept: Kept[] }
type Kept = { readonly entry: Entry; readonly expiresAtMs: number }

type Options = {
  readonly clock: Clock
  readonly newId: IdSource
  readonly limits?: Limits
  /** How long entries are kept at least, in ms; at least a day. Undefined: for good. */
  readonly retentionMs?: number | undefined
  readonly store?: MessageStore
}

export const makeMessageStore = (): MessageStore => new Map()

/**
 * A log that dies with its process. Nothing in it waits, so that no two writers ever meet.
 *
 * @throws Error for a retention of less than a day
 */
export const makeMessageLog = ({
  clock,
  newId,
  limits = defaultLimits,
  retentionMs = Number.POSITIVE_INFINITY,
  store = makeMessageStore(),
}: Options): MessageLog => {
  if (retentionMs < dayMs) throw new Error(`A retention of ${retentionMs} ms is less than a day`)

  return {
    append: async (draft) => {
      const room = present(store, draft.roomId, clock())
      const found = findRetry(room, draft, limits)
      if (room !== undefined && found !== undefined) {
        return { epoch: room.epoch, entry: found, duplicate: true }
      }
      const last = room?.kept.at(-1)
      // As in the log that is durable: what is about to expire is not continued.
      const goesOn = room !== undefined && last !== undefined && last.expiresAtMs > clock() + marginMs
      const { epoch, kept } = goesOn ? room : { epoch: newId(), kept: [] }
      const expiresAtMs = Math.max(goesOn ? last.expiresAtMs : 0, clock() + retentionMs)
      const entry = entryOf(draft, goesOn ? last.entry.seq + 1 : 1)
      kept.push({ entry, expiresAtMs })
      store.set(draft.roomId, { epoch, kept })
      return { epoch, entry, duplicate: false }
    },

    head: async (roomId) => headOf(present(store, roomId, clock())),

    read: async (request) => {
      const room = present(store, request.roomId, clock())
      const page = { ...headOf(room), floor: room?.kept[0]?.entry.seq ?? 1 }
      const isOfEpoch = request.epoch === undefined || request.epoch === room?.epoch
      return room !== undefined && isOfEpoch
        ? { ...page, ...select(room, request) }
        : { ...page, entries: [], more: false }
    },
  }
}

const dayMs = 24 * 60 * 60 * 1000
const marginMs = 60 * 60 * 1000

/** The room without what has expired; undefined if nothing is left. */
const present = (store: MessageStore, roomId: string, nowMs: number): Room | undefined => {
  const room = store.get(roomId)
  const alive = room?.kept.findIndex(({ expiresAtMs }) => expiresAtMs > nowMs)
  if (alive === -1) store.delete(roomId)
  else room?.kept.splice(0, alive)
  return store.get(roomId)
}

const headOf = (room: Room | undefined): Head => ({
  epoch: room?.epoch ?? null,
  seq: room?.kept.at(-1)?.entry.seq ?? 0,
})

const findRetry = (room: Room | undefined, draft: Draft, limits: Limits): Entry | undefined => {
  const { clientMessageId, sender, since } = draft
  if (clientMessageId === undefined) return undefined
  const after = searchAfter(draft, headOf(room), limits)
  if (after instanceof ChatError) throw after
  const floor = room?.kept[0]?.entry.seq ?? 1
  const found = room?.kept
    .slice(Math.max(0, after + 1 - floor))
    .find(({ entry }) => entry.clientMessageId === clientMessageId && entry.sender.userId === sender.userId)
  if (found === undefined && since !== undefined && after + 1 < floor) throw expiredSince()
  return found?.entry
}

const select = ({ kept }: Room, { after, before, limit, maxBytes }: PageRequest) => {
  const entries = kept.map(({ entry }) => entry)
  if (after !== undefined) {
    const candidates = entries.filter(({ seq }) => seq > after)
    const taken = take(candidates, limit, maxBytes)
    return { entries: taken, more: taken.length < candidates.length }
  }
  const candidates = entries.filter(({ seq }) => before === undefined || seq < before)
  const taken = take(candidates.toReversed(), limit, maxBytes)
  return { entries: taken.toReversed(), more: taken.length < candidates.length }
}

const take = (entries: readonly Entry[], limit: number, maxBytes = Number.POSITIVE_INFINITY): Entry[] => {
  const taken: Entry[] = []
  let bytes = 0
  for (const entry of entries) {
    if (taken.length >= limit || (taken.length > 0 && bytes >= maxBytes)) break
    taken.push(entry)
    bytes += jsonBytes(entry)
  }
  return taken
}
