import type { Job } from '../../../core/domain/job.ts'
import type { Lane } from '../../../core/domain/lanes.ts'
import type { IdSource, Telemetry } from '../../../core/ports.ts'
import { notFound, openChannel, replyCodeOf } from '../channel.ts'
import type { BrokerConnection } from '../connection.ts'
import {
  type DeadLetter,
  DeadLetterError,
  type DeadLetterSummary,
  deadLetterOf,
  summaryOf,
} from '../dead-letter.ts'
import { makePublishWithRetry } from '../publish-with-retry.ts'
import type { Topology } from '../topology.ts'
import { makePutInLane } from '../written-record.ts'
import { holdDeadLetters } from './held-queue.ts'

type Deps = {
  /** Creates a connection; the dead letters need one of their own. */
  readonly connect: () => BrokerConnection
  readonly topology: Topology
  readonly newId: IdSource
  readonly telemetry: Telemetry
  /** Time to wait for another process that holds the dead letters, in ms. Default: 10,000. */
  readonly patienceMs?: number
}

/** Selects dead letters that match all given criteria. */
export type Selection = {
  readonly ids?: readonly string[] | undefined
  readonly roomId?: string | undefined
  /** Text that the reason contains. */
  readonly reason?: string | undefined
  /** Maximum number, the oldest first. */
  readonly limit?: number | undefined
}

/**
 * Outcome of a replay:
 *
 * - `replayed`: the record is confirmed in its lane and no longer a dead letter
 * - `no job`: this version does not know the record as a job; it stays
 */
export type Replayed = 'replayed' | 'no job'

type Tell<Outcome> = (letter: DeadLetterSummary, outcome: Outcome) => void

/**
 * Dead letters, for an operator. docs/design/maintenance.md says when this is needed. One process at a time holds all of them,
 * and others wait. Reading removes nothing and keeps the order, even if the process is killed. Every method throws
 * DeadLetterError, or ChatError `unavailable` if the broker is out of reach.
 */
export type DeadLetters = {
  /** Lists summaries, oldest first. */
  readonly list: (selection: Selection) => Promise<readonly DeadLetterSummary[]>
  /** Returns each dead letter with this id, content included. */
  readonly show: (id: string) => Promise<readonly DeadLetter[]>
  /**
   * Puts each dead letter into its lane and removes it once that is confirmed. A failure ends the replay; the rest stays. If it
   * ends in between, a record may be in its lane and stay as well: delivery is at least once.
   *
   * @param tell called for each finished record
   * @returns lanes that received records but have no reader now
   */
  readonly replay: (selection: Selection, tell: Tell<Replayed>) => Promise<readonly Lane[]>
  /** Removes each permanently. */
  readonly drop: (selection: Selection, tell: Tell<'dropped'>) => Promise<void>
}

export const makeDeadLetters = (deps: Deps): DeadLetters => {
  const visit = makeVisit(deps)
  /** @param keep reduces each dead letter, because memory does not suffice for the content of thousands */
  const collect = async <T>(selection: Selection, keep: (letter: DeadLetter) => T): Promise<readonly T[]> => {
    const kept: T[] = []
    await visit(selection, async (letter) => {
      kept.push(keep(letter))
    })
    return kept
  }

  return {
    list: (selection) => collect(selection, summaryOf),
    show: (id) => collect({ ids: [id] }, (letter) => letter),
    replay: async (selection, tell) => {
      const lanes = await openLanes(deps)
      try {
        await visit(selection, async (letter, remove) => {
          if (letter.job !== undefined) {
            await lanes.put(letter, letter.job)
            remove()
          }
          tell(summaryOf(letter), letter.job === undefined ? 'no job' : 'replayed')
        })
        return await lanes.unread()
      } finally {
        await lanes.close()
      }
    },
    drop: (selection, tell) =>
      visit(selection, async (letter, remove) => {
        remove()
        tell(summaryOf(letter), 'dropped')
      }),
  }
}

type See = (letter: DeadLetter, remove: () => void) => Promise<void>

/** Processes the selected dead letters while holding all of them. */
const makeVisit =
  ({ connect, topology, patienceMs }: Deps) =>
  async (selection: Selection, see: See): Promise<void> => {
    const connection = connect()
    try {
      const held = await holdDeadLetters({ connection, topology, patienceMs })
      let left = selection.limit ?? Number.POSITIVE_INFINITY
      try {
        for await (const message of held.messages()) {
          if (left <= 0) break
          const letter = deadLetterOf(message)
          if (!isMeant(letter, selection)) continue
          left--
          await see(letter, () => held.remove(message))
        }
      } finally {
        await held.release()
      }
    } finally {
      await connection.close()
    }
  }

const isMeant = ({ id, job, reason }: DeadLetter, selection: Selection): boolean =>
  (selection.ids === undefined || selection.ids.includes(id)) &&
  (selection.roomId === undefined || selection.roomId === job?.roomId) &&
  (selection.reason === undefined || reason.includes(selection.reason))

/** Checks that lanes with these counts exist. @throws DeadLetterError if not: new lanes would have no reader */
const openLanes = async ({ connect, topology, newId, telemetry }: Deps) => {
  const { laneQueue } = topology
  // A second connection: a broker short of memory blocks publishing connections, and with them acknowledgements.
  const connection = connect()
  const put = makePutInLane(topology, makePublishWithRetry({ connection, newId, telemetry }))
  const used = new Set<Lane>()
  try {
    await requireExchange(connection, topology)
  } catch (error) {
    await connection.close()
    throw error
  }
  return {
    put: async (letter: DeadLetter, job: Job): Promise<void> => {
      used.add(await put(letter, job))
    },
    unread: async (): Promise<readonly Lane[]> => {
      const channel = await openChannel(await connection.open())
      const unread: Lane[] = []
      for (const lane of used) {
        const { consumerCount } = await channel.checkQueue(laneQueue(lane))
        if (consumerCount === 0) unread.push(lane)
      }
      return unread
    },
    close: connection.close,
  }
}

const requireExchange = async (connection: BrokerConnection, topology: Topology): Promise<void> => {
  const channel = await openChannel(await connection.open())
  try {
    await channel.checkExchange(topology.jobsExchange)
  } catch (error) {
    if (replyCodeOf(error) !== notFound) throw error
    const { lanes, bulkLanes } = topology.laneCounts
    throw new DeadLetterError(
      `The broker has no lanes for LANES=${lanes} and BULK_LANES=${bulkLanes}. Set them as the gateways have them.`,
    )
  }
}
