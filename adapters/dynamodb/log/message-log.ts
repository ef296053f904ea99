import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Clock, IdSource, MessageLog } from '../../../core/ports.ts'
import { makeBoundedMap } from '../../../core/primitives/bounded-map.ts'
import { defaultLimits, type Limits } from '../../../protocol/limits.ts'
import { makeRoomAppender } from './append-queue.ts'
import { type Floor, makeFindFloor } from './floor.ts'
import { makeHistory } from './history.ts'
import { makeRunStore, type RunStore } from './run-store.ts'
import { type KnownTail, makeWriteRun } from './run-writer.ts'

type Options = {
  readonly clock: Clock
  readonly newId: IdSource
  readonly limits?: Limits
  /** How long entries are kept at least, in ms; at least a day. Undefined: for good. */
  readonly retentionMs?: number | undefined
  /** Most entries that share one put. 1 for a Lambda, which appends one at a time anyway. */
  readonly maxRunEntries?: number
}

type TableOptions = Options & {
  readonly client: DynamoDBClient
  /** Table with `roomId` and `position` for its key: tables.ts. */
  readonly tableName: string
}

/**
 * The log as runs of entries in DynamoDB. Each run is put on the condition that its position, the one after all
 * that its writer has seen, is still free: one write decides, and whoever loses has to look again. So the order
 * has no hole and no repeat without any counter, lock or transaction.
 *
 * Retention that is switched on later is for new rooms: a room with an entry kept for good keeps the later ones too.
 *
 * @throws Error for a retention of less than a day
 */
export const makeMessageLog = ({ client, tableName, ...options }: TableOptions): MessageLog =>
  makeLogOfRuns({ store: makeRunStore(client, tableName), ...options })

/** The same over any store of runs. */
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
    append: makeRoomAppender({ writeRun, clock, maxRunEntries }),
    ...makeHistory({ store, clock, findFloor: makeFindFloor({ store, floors, clock }) }),
  }
}

const dayMs = 24 * 60 * 60 * 1000
/** Rooms whose end and floor a process remembers: up to 2,000 keys of some 100 bytes each. */
const knownRooms = 300

// Whoever has lost most often waits shortest. With a wait that grows, or stays the same, the last winner wins
// again and again. Somebody wins every race, so that a wait that goes to nothing stops nobody. 25 ms was the best
// compromise between failed puts and waiting in a simulation of 8 writers and 6 ms a call.
const waitAfterLossMs = (losses: number): number => (Math.random() * 25) / losses
