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
import { makeSurePublish } from '../publish-with-retry.ts'
import type { Topology } from '../topology.ts'
import { makePutInLane } from '../written-record.ts'
import { holdDeadLetters } from './held-queue.ts'

type Deps = {
  /** Makes a connection: whoever looks needs one of their own. */
  readonly connect: () => BrokerConnection
  readonly topology: Topology
  readonly newId: IdSource
  readonly telemetry: Telemetry
  /** How long to wait for somebody else who looks. Default: 10,000. */
  readonly patienceMs?: number
}

/** Which dead letters are meant: those to which all of it applies. */
export type Selection = {
  readonly ids?: readonly string[] | undefined
  readonly roomId?: string | undefined
  /** Part of the reason. */
  readonly reason?: string | undefined
  /** Only so many, the oldest. */
  readonly limit?: number | undefined
}

/**
 * - `replayed`: it is in its lane, confirmed, and no dead letter any more
 * - `no job`: this version does not know it as a job; it stays
 */
export type Replayed = 'replayed' | 'no job'

type Tell<Outcome> = (letter: DeadLetterSummary, outcome: Outcome) => void

/**
 * What was set aside, for an operator. One at a time has all of it in hand, and others wait for their turn: looking
 * removes nothing and keeps the order, and so does being killed at any moment. Everything here throws DeadLetterError,
 * or ChatError `unavailable` where the broker is out of reach.
 */
export type DeadLetters = {
  /** Oldest first. */
  readonly list: (selection: Selection) => Promise<readonly DeadLetterSummary[]>
  /** The whole of each one that bears this id, content included. */
  readonly show: (id: string) => Promise<readonly DeadLetter[]>
  /**
   * Puts each into its lane, and takes it out once that is confirmed. A failure ends it: what was told is done, and
   * the rest stays. A record may reach its lane and stay as well, if this ends in between: delivery is at least once.
   *
   * @param tell is told of each as it is done
   * @returns the lanes that took some and that nobody reads now
   */
  readonly replay: (selection: Selection, tell: Tell<Replayed>) => Promise<readonly Lane[]>
  /** Removes each for good. */
  readonly drop: (selection: Selection, tell: Tell<'dropped'>) => Promise<void>
}

export const makeDeadLetters = (deps: Deps): DeadLetters => {
  const visit = makeVisit(deps)
  /** @param keep what to keep of each: a list of thousands has no room for all their content */
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

/** Goes through those that are meant, with all of them in hand. */
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

/** @throws DeadLetterError if there are none with these counts: nothing is declared here, since nobody would read it */
const openLanes = async ({ connect, topology, newId, telemetry }: Deps) => {
  const { laneQueue } = topology
  // Not the one that holds the dead letters: a broker that is short of memory stops reading connections that publish,
  // and with them acknowledgements.
  const connection = connect()
  const put = makePutInLane(topology, makeSurePublish({ connection, newId, telemetry }))
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
