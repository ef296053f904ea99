import type { Limits } from '../../protocol/limits.ts'
import { type Entry, messageOf } from '../domain/entry.ts'
import { messagesFrames } from '../domain/message-pages.ts'
import type { SlotRange } from '../domain/slots.ts'
import type { MessageLog } from '../ports.ts'
import { makeBoundedMap } from '../primitives/bounded-map.ts'
import type { SeqRange } from './plan.ts'

/** A range of a room's log as the frames that carry it. */
export type Batch = SeqRange & {
  readonly roomId: string
  /** Slots of the members that it is for; undefined means all members. */
  readonly slots?: SlotRange
  readonly frames: readonly string[]
  /** Time at which the last of its messages was sent, in ms since 1970. */
  readonly lastSentAtMs: number
}

type Deps = { readonly log: MessageLog; readonly limits: Limits }

/** Builds the batch of a range from given entries, and reads missing ones. Undefined if none of them exists any longer. */
export const makeBatchOf =
  ({ log, limits }: Deps) =>
  async (roomId: string, range: SeqRange, atHand: readonly Entry[]): Promise<Batch | undefined> => {
    const bySeq = new Map(atHand.filter(({ seq }) => isIn(range, seq)).map((entry) => [entry.seq, entry]))
    let { from, to } = range
    while (bySeq.has(from)) from++
    while (bySeq.has(to)) to--
    if (from <= to) {
      for await (const page of pagesOf(log, roomId, { ...range, from, to })) {
        for (const entry of page) bySeq.set(entry.seq, entry)
      }
    }
    const entries = [...bySeq.values()].sort((a, b) => a.seq - b.seq)
    return toBatch(roomId, range, entries, limits)
  }

/** Frames per read of the log. It bounds memory, and the work that a deadline may interrupt (our choice). */
const framesPerBatch = 4

/** Batches that are kept for the parts of a room that are served at the same time (our choice). */
const keptBatches = 8

/**
 * Reads the remaining entries of a range, batch by batch. Parts of a room are served at the same time and share their
 * batches: the same request soon afterwards returns the same batch.
 */
export const makeReadBatches = ({ log, limits }: Deps) => {
  const kept = makeBoundedMap<string, Promise<Batch | undefined>>(keptBatches)
  const read = async (roomId: string, range: SeqRange): Promise<Batch | undefined> => {
    const maxBytes = framesPerBatch * limits.serverFrameBytes
    const { value: page } = await pagesOf(log, roomId, range, maxBytes).next()
    return page && toBatch(roomId, range, page, limits)
  }
  return async function* (roomId: string, range: SeqRange): AsyncGenerator<Batch> {
    let { from } = range
    while (from <= range.to) {
      const key = JSON.stringify([roomId, range.epoch, from, range.to])
      const reading = kept.get(key) ?? read(roomId, { ...range, from })
      kept.set(key, reading)
      const batch = await reading
      if (!batch) return
      yield batch
      from = batch.to + 1
    }
  }
}

const pagesOf = async function* (
  log: MessageLog,
  roomId: string,
  { epoch, from, to }: SeqRange,
  maxBytes?: number,
): AsyncGenerator<readonly Entry[], undefined> {
  let after = from - 1
  while (after < to) {
    const page = await log.read({
      roomId,
      epoch,
      after,
      limit: to - after,
      ...(maxBytes !== undefined && { maxBytes }),
    })
    // If the first entries have expired, the page begins and ends later.
    const entries = page.entries.filter(({ seq }) => seq <= to)
    const last = entries.at(-1)
    if (!last) return
    yield entries
    after = last.seq
  }
}

const isIn = ({ from, to }: SeqRange, seq: number): boolean => from <= seq && seq <= to

const toBatch = (
  roomId: string,
  { epoch }: SeqRange,
  entries: readonly Entry[],
  limits: Limits,
): Batch | undefined => {
  const [first, last] = [entries[0], entries.at(-1)]
  if (!first || !last) return undefined
  const frames = messagesFrames(roomId, epoch, entries.map(messageOf), limits.serverFrameBytes)
  return {
    roomId,
    epoch,
    from: first.seq,
    to: last.seq,
    frames: frames.map((frame) => JSON.stringify(frame)),
    lastSentAtMs: last.sentAtMs,
  }
}
