import type { Limits } from '../../protocol/limits.ts'
import { type Entry, messageOf } from '../domain/entry.ts'
import { messagesFrames } from '../domain/message-pages.ts'
import type { SlotRange } from '../domain/slots.ts'
import type { MessageLog } from '../ports.ts'
import { makeBoundedMap } from '../primitives/bounded-map.ts'
import type { SeqRange } from './plan.ts'

/** Part of a room's log, as the frames that carry it. */
export type Batch = SeqRange & {
  readonly roomId: string
  /** The members that it is for; undefined: all. */
  readonly slots?: SlotRange
  readonly frames: readonly string[]
  /** When the last of its messages was sent. */
  readonly lastSentAtMs: number
}

type Deps = { readonly log: MessageLog; readonly limits: Limits }

/** Takes the entries of a range that are at hand, and reads those that are not. Undefined if nothing of it exists any more. */
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

/** Frames that are read from the log at once, for each part of a room's members: a bound on memory, and on what a deadline may cut. */
const framesPerBatch = 4

/** Batches that are kept for the other parts of the room: those that are served now, and no more. */
const keptBatches = 8

/**
 * Reads what still exists of a range of the log, batch by batch. Whoever asks for the same soon after is given the
 * same: the parts of a room, which are served beside each other.
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
    // Where what comes first has expired, the page begins later, and ends later.
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
