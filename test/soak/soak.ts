import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { makeMessageLog } from '../../adapters/dynamodb/log/message-log.ts'
import type { Head } from '../../protocol/server-frames.ts'
import { type Crowd, startCrowd } from './clients/crowd.ts'
import type { CrowdStatus } from './clients/crowd-messages.ts'
import { planFaults } from './fault-plan.ts'
import { faultsOf } from './faults/all-faults.ts'
import { clockOffsetMs } from './faults/clock.ts'
import type { JournalLine } from './journal-lines.ts'
import { startReaper } from './nodes/reaper.ts'
import type { SoakOptions } from './options.ts'
import { between, makeRandom } from './random.ts'
import { roomsOf, soakRooms } from './rooms.ts'
import { type HappenedFault, runFaults } from './run-faults.ts'
import { seedRooms } from './seeds.ts'
import { type Activity, activityIn, defectsIn } from './verdict/defects.ts'
import { readEntries, type StoredEntry } from './verdict/stored-entries.ts'
import { judge, type Verdict } from './verdict/verdict.ts'
import { type StoreKind, startWorld, type World } from './world.ts'

export type SoakRun = {
  readonly store: StoreKind
  readonly verdict: Verdict
  readonly faults: readonly HappenedFault[]
  /** From the first message to the last fault's end. */
  readonly seconds: number
  /** How long it took after that until everybody was in their rooms and up to date. */
  readonly settledAfterSeconds: number
  /** Who was not even then, when nobody waited any longer. */
  readonly behind: readonly string[]
  /** How many have expired and were removed. */
  readonly removedEntries: number
  /** How often gateways ended by themselves. */
  readonly crashes: number
  /** What the faults came to: requests and posts that went wrong. */
  readonly faultCounts: Readonly<Record<string, number>>
  /** Errors in the gateways' logs that no fault explains. */
  readonly defects: Readonly<Record<string, number>>
  readonly activity: Activity
}

type Options = Pick<SoakOptions, 'kinds' | 'nodes' | 'clients' | 'rate'> & {
  readonly store: StoreKind
  readonly seed: number
  readonly minutes: number
  /** Logs and journals go here. */
  readonly folder: string
  /** One line for whoever watches. */
  readonly tell: (line: string) => void
  /** Ends it before its time: it rejects with the reason, once what it has started is gone. */
  readonly signal: AbortSignal
}

const crowdCount = 2
/** How long everybody may take to come up to date once nothing goes wrong any more. */
const settleWithinMs = 120_000

/** Runs a soak on one store. Rejects if it could not be run: then it says nothing about the chat. */
export const runSoak = async (options: Options): Promise<SoakRun> => {
  const { store, minutes, folder, tell, signal } = options
  const durationMs = minutes * 60_000
  const random = makeRandom(options.seed)
  let seeded: readonly StoredEntry[] = []
  const world = await startWorld({
    store,
    nodes: options.nodes,
    folder,
    prepare: async (client, tableName) => {
      seeded = await seedRooms({ client, tableName, durationMs, random })
    },
  })
  const crashed = Promise.withResolvers<never>()
  crashed.promise.catch(() => undefined) // nobody may be waiting just then
  const over = new AbortController()
  signal.addEventListener('abort', () => crashed.reject(signal.reason))
  const crowds: Crowd[] = []
  try {
    signal.throwIfAborted()
    const reaper = startReaper({ ...world, rooms: lastPositions(seeded), random })
    for (let index = 0; index < crowdCount; index++) {
      crowds.push(await startCrowd(crowdConfig(options, world, index, crashed.reject)))
    }
    for (const crowd of crowds) crowd.begin()
    tell(`${options.clients} clients are writing over ${options.nodes} gateways on ${store}`)
    const startedMs = performance.now()
    const faults = await Promise.race([crashed.promise, haveFaults(options, world, crowds, over.signal)])
    const seconds = (performance.now() - startedMs) / 1000
    tell('All faults are lifted; nothing new is written')
    for (const crowd of crowds) crowd.hush()
    const settled = await Promise.race([crashed.promise, settle(world, crowds, tell)])
    for (const crowd of crowds) await crowd.end()
    await reaper.stop()
    const present = await readEntries(world.client, world.tableName)
    const verdict = judge({
      entries: union(seeded, present),
      lines: (await Promise.all(crowds.map(({ journalFile }) => readJournal(journalFile)))).flat(),
      clocks: clocksOf(faults),
    })
    return {
      store,
      verdict,
      faults,
      seconds,
      ...settled,
      removedEntries: union(seeded, present).length - present.length,
      crashes: world.nodes.reduce((total, { crashes }) => total + crashes(), 0),
      faultCounts: countsOf(world),
      defects: await defectsIn(world.nodes.map(({ logFile }) => logFile)),
      activity: await activityIn(world.nodes.map(({ logFile }) => logFile)),
    }
  } finally {
    over.abort()
    for (const crowd of crowds) await crowd.stop()
    await world.stop()
  }
}

const crowdConfig = (
  { clients, rate, seed, minutes, folder }: Options,
  { nodes }: World,
  index: number,
  onCrash: (error: Error) => void,
): Parameters<typeof startCrowd>[0] => {
  const random = makeRandom(seed + index + 1)
  const numbers = Array.from({ length: clients }, (_, number) => number)
  return {
    name: `crowd-${index}`,
    members: numbers.filter((number) => number % crowdCount === index),
    gateways: nodes.map(({ url }) => url),
    seed: seed + index + 1,
    // All but one in each crowd write. They are in four rooms on average, and write a quarter as much to two of them.
    pauseMs: ((clients - crowdCount) * 2.5 * 1000) / rate,
    lateMs: between(random, 0.2, 0.5) * minutes * 60_000,
    journalFile: join(folder, `crowd-${index}.jsonl`),
    logFile: join(folder, `crowd-${index}.log`),
    onCrash,
  }
}

/** Lasts as long as the soak does, faults or none. */
const haveFaults = async (
  { seed, kinds, minutes, tell }: Options,
  { broker, nodes }: World,
  crowds: readonly Crowd[],
  signal: AbortSignal,
): Promise<readonly HappenedFault[]> => {
  const durationMs = minutes * 60_000
  const faults = faultsOf(kinds)
  const plan = planFaults({ seed, faults, durationMs, nodes: nodes.length, crowds: crowds.length })
  const [happened] = await Promise.all([
    runFaults({
      plan,
      sceneOf: (planned) => {
        const [node, crowd] = [nodes[planned.node], crowds[planned.crowd]]
        if (node === undefined || crowd === undefined) throw new Error('A fault was planned for nobody')
        return { broker, nodes, node, crowd, amount: planned.amount }
      },
      tell: (fault) => tell(describeFault(fault)),
      signal,
    }),
    delay(durationMs, undefined, { signal }),
  ])
  return happened
}

const describeFault = ({ fault, happened, lengthMs, troubles }: HappenedFault): string => {
  const what = `${fault.kind}: ${fault.name} (${troubles.join(', ')})`
  return happened ? `${what}, for ${(lengthMs / 1000).toFixed(1)} s` : `${what}: its moment did not come`
}

/** Resolves once everybody is up to date, or when nobody waits any longer. */
const settle = async (
  world: World,
  crowds: readonly Crowd[],
  tell: (line: string) => void,
): Promise<Pick<SoakRun, 'settledAfterSeconds' | 'behind'>> => {
  const startedMs = performance.now()
  let toldMs = 0
  const log = makeMessageLog({ ...world, clock: Date.now, newId: crypto.randomUUID })
  for (;;) {
    const statuses = await Promise.all(crowds.map(({ status }) => status()))
    const heads = new Map<string, Head>()
    for (const { roomId } of soakRooms) heads.set(roomId, await log.head(roomId))
    const elapsedMs = performance.now() - startedMs
    const behind = statuses.flatMap((status, index) => behindIn(`crowd-${index}`, status, heads))
    if (behind.length === 0 || elapsedMs > settleWithinMs) {
      return { settledAfterSeconds: elapsedMs / 1000, behind }
    }
    if (elapsedMs - toldMs > tellEveryMs) {
      tell(`Not yet at rest, ${behind.length} in all: ${behind.slice(0, 4).join(', ')}`)
      toldMs = elapsedMs
    }
    await delay(500)
  }
}

const tellEveryMs = 10_000

/** Who has not come to rest: a crowd, a send, or a client in a room that it should be in. */
const behindIn = (
  crowd: string,
  { hushed, unsettled, positions }: CrowdStatus,
  heads: ReadonlyMap<string, Head>,
): readonly string[] => [
  ...(hushed ? [] : [`${crowd} has not fallen silent`]),
  ...unsettled.map((clientMessageId) => `${clientMessageId} has no outcome`),
  ...Object.entries(positions).flatMap(([client, ofRooms]) =>
    roomsOf(Number(client.replace('client-', ''))).flatMap(({ roomId }) => {
      const [position, head] = [ofRooms[roomId], heads.get(roomId)]
      if (position === undefined) return [`${client} is not in ${roomId}`]
      const isThere = head?.epoch === position.epoch && head.seq === position.seq
      return isThere ? [] : [`${client} is at ${position.seq} of ${head?.seq} in ${roomId}`]
    }),
  ),
]

const readJournal = async (file: string): Promise<readonly JournalLine[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** What is there now, and what was there at the beginning and was removed since. */
const union = (seeded: readonly StoredEntry[], present: readonly StoredEntry[]): readonly StoredEntry[] => {
  const byPlace = new Map(
    [...seeded, ...present].map((entry) => [`${entry.roomId} ${entry.position}`, entry]),
  )
  return [...byPlace.values()]
}

const lastPositions = (entries: readonly StoredEntry[]): ReadonlyMap<string, number> =>
  new Map(entries.map(({ roomId, position }) => [roomId, position]))

const clocksOf = (faults: readonly HappenedFault[]) => {
  const offsets = faults
    .filter(({ fault, happened }) => fault.kind === 'clock-jumped' && happened)
    .map(({ fault, amount }) => clockOffsetMs(fault, amount))
  return { aheadMs: Math.max(0, ...offsets), behindMs: Math.max(0, ...offsets.map((offset) => -offset)) }
}

const countsOf = ({ nodes }: World): Readonly<Record<string, number>> => {
  const total: Record<string, number> = {}
  for (const { faultCounts, store } of nodes) {
    const { throttled, slow, lostAnswers } = store.counts()
    const all = { ...faultCounts(), throttledRequests: throttled, slowRequests: slow, lostAnswers }
    for (const [name, count] of Object.entries(all)) total[name] = (total[name] ?? 0) + count
  }
  return total
}
