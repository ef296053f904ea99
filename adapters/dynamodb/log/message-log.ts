import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Clock, IdSource, MessageLog } from '../../../core/ports.ts'
import { makeBoundedMap } from '../../../core/primitives/bounded-map.ts'
import { defaultLimits, type Limits } from '../../../protocol/limits.ts'
import { makeAppendQueue } from './append-queue.ts'
import { type Floor, makeFindFloor } from './floor.ts'
import { makeHistory } from './history.ts'
import { makeRunStore, type RunStore } from './run-store.ts'
import { type KnownTail, makeWriteRun } from './run-writer.ts'

type Options = {
  readonly clock: Clock
  readonly newId: IdSource
  readonly limits?: Limits
  /** Minimum life of entries in ms, at least a day; undefined keeps them permanently. */
  readonly retentionMs?: number | undefined
  /** Maximum entries per put. A Lambda uses 1, because it handles one message at a time. */
  readonly maxRunEntries?: number
}

type TableOptions = Options & {
  readonly client: DynamoDBClient
  /** Table whose key is `roomId` and `position`: see tables.ts. */
  readonly tableName: string
}

/**
 * Creates the log as runs of entries in DynamoDB. A run is put on the condition that its position, the one after all that its
 * writer has seen, is still free. One write decides, and a writer that loses looks again. So the order has no gaps and no
 * repeats, without counter, lock or transaction. PROTOCOL: promise 1
 *
 * Retention that is enabled later applies to new rooms only: a room with a permanent entry keeps the later ones as well.
 *
 * Reading order, storing: append-queue → run-writer → tail-reader and tail (the end of the log) → retries (earlier tries)
 * → next-run (the run to put) → run-store → run (the item). Reading: history → floor (first entry that exists) → run-store.
 *
 * @throws Error for a retention of less than a day
 */
export const makeMessageLog = ({ client, tableName, ...options }: TableOptions): MessageLog =>
  makeLogOfRuns({ store: makeRunStore(client, tableName), ...options })

/** Creates the log over any store of runs, such as one in memory for tests. */
export const makeLogOfRuns = ({
  store,
  clock,
  newId,
  limits = defaultLimits,
  retentionMs,
  maxRunEntries = 64,
}: Options & { readonly store: RunStore }): MessageLog => {
  if (retentionMs !== undefined && retentionMs < dayMs) {
    throw new Error(`A retention of ${retentionMs} ms is less than a day`)
  }
  const tails = makeBoundedMap<string, KnownTail>(knownRooms)
  const floors = makeBoundedMap<string, Floor>(knownRooms)
  const writeRun = makeWriteRun({ store, tails, clock, newId, limits, retentionMs, waitAfterLossMs })
  return {
    append: makeAppendQueue({ writeRun, clock, maxRunEntries }),
    ...makeHistory({ store, clock, findFloor: makeFindFloor({ store, floors, clock }) }),
  }
}

const dayMs = 24 * 60 * 60 * 1000
/** Rooms whose tail and floor a process remembers (our choice): up to 2,000 keys of about 100 bytes each. */
const knownRooms = 300

// The writer with the most losses waits shortest. With a constant or growing wait, the last winner would win repeatedly.
// Every race has a winner, so a wait that shrinks to nothing is safe. In a simulation of 8 writers with 6 ms per call, 25 ms
// was the best compromise between failed puts and waiting.
const waitAfterLossMs = (losses: number): number => (Math.random() * 25) / losses
