import type { Appended, Draft } from '../../../core/domain/entry.ts'
import type { Clock } from '../../../core/ports.ts'
import { ChatError } from '../../../protocol/chat-error.ts'
import { jsonBytes } from '../../../protocol/limits.ts'
import type { Pending, WriteRun } from './run-writer.ts'

type Deps = {
  readonly writeRun: WriteRun
  readonly clock: Clock
  readonly maxRunEntries: number
}

type Queued = Pending & { readonly bytes: number; readonly queuedAtMs: number }

/**
 * Creates an append with one queue per room and one run in flight per room. Drafts are stored in the order of the calls, and
 * drafts that arrive together share a put.
 */
export const makeAppendQueue = ({ writeRun, clock, maxRunEntries }: Deps) => {
  const queues = new Map<string, Queued[]>()

  /** Stores one run. @returns true if another writer was faster */
  const writeNext = async (roomId: string, queue: Queued[], losses: number): Promise<boolean> => {
    const run = nextRun(queue, maxRunEntries)
    try {
      const left = await writeRun(roomId, run, losses)
      queue.splice(0, run.length, ...left)
      return left.length > 0
    } catch (error) {
      // Any error belongs only to the callers whose drafts were in this run.
      queue.splice(0, run.length)
      for (const { reject } of run) reject(error)
      return false
    }
  }

  const drain = async (roomId: string, queue: Queued[]): Promise<void> => {
    let losses = 0
    while (queue.length > 0) {
      losses = (await writeNext(roomId, queue, losses)) ? losses + 1 : 0
      giveUpOverdue(queue, clock() - deadlineMs)
    }
    queues.delete(roomId)
  }

  return (draft: Draft): Promise<Appended> =>
    new Promise((resolve, reject) => {
      const pending = { draft, bytes: jsonBytes(draft), queuedAtMs: clock(), resolve, reject }
      const queue = queues.get(draft.roomId)
      if (queue !== undefined) {
        queue.push(pending)
        return
      }
      const started = [pending]
      queues.set(draft.roomId, started)
      void drain(draft.roomId, started)
    })
}

/** Time that a draft may wait and lose races, in ms: half of API Gateway's 29 s for a reply (our choice). */
const deadlineMs = 15_000
/** Maximum bytes of a run: half of DynamoDB's limit of an item (our choice). */
const maxRunBytes = 200_000

const giveUpOverdue = (queue: Queued[], queuedBeforeMs: number): void => {
  const inTime = queue.findIndex(({ queuedAtMs }) => queuedAtMs >= queuedBeforeMs)
  for (const { reject } of queue.splice(0, inTime === -1 ? queue.length : inTime)) {
    reject(new ChatError('unavailable', 'Too much is being written to this room. Send the same frame again.'))
  }
}

const nextRun = (queue: readonly Queued[], maxEntries: number): readonly Queued[] => {
  let bytes = 0
  const overfull = queue.findIndex((pending, index) => {
    bytes += pending.bytes
    return index === maxEntries || (index > 0 && bytes > maxRunBytes)
  })
  return overfull === -1 ? queue.slice() : queue.slice(0, overfull)
}
