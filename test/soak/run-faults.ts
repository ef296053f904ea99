import { setTimeout as delay } from 'node:timers/promises'
import type { PlannedFault } from './fault-plan.ts'
import type { Scene } from './faults/fault.ts'

export type HappenedFault = PlannedFault & {
  /** Whether its moment came. */
  readonly happened: boolean
  /** When it did, since the run began. */
  readonly happenedAtMs: number
}

type Options = {
  readonly plan: readonly PlannedFault[]
  readonly sceneOf: (planned: PlannedFault) => Scene
  /** Told of each as it happens, or when it could not. */
  readonly tell: (fault: HappenedFault) => void
  /** From its abortion on nothing happens any more, and nothing is lifted. */
  readonly signal: AbortSignal
}

/** How long a fault may wait for its moment, such as for a confirm to come by. */
const patienceMs = 20_000

/** Has each fault happen at its time, and lifts it; resolves when the last one is lifted. Rejects if one cannot be lifted. */
export const runFaults = async ({
  plan,
  sceneOf,
  tell,
  signal,
}: Options): Promise<readonly HappenedFault[]> => {
  const startedMs = performance.now()
  const elapsedMs = () => Math.round(performance.now() - startedMs)
  const takeTurns = makeTurns()
  return Promise.all(
    plan.map(async (planned) => {
      await delay(planned.atMs, undefined, { signal })
      // What was troubled before may take longer to come back than was planned.
      return takeTurns(planned.troubles, async () => {
        signal.throwIfAborted()
        const lift = await inflict(planned, sceneOf(planned))
        const outcome = { ...planned, happened: lift !== undefined, happenedAtMs: elapsedMs() }
        tell(outcome)
        if (lift) {
          await delay(planned.lengthMs, undefined, { signal })
          await lift()
        }
        return outcome
      })
    }),
  )
}

/** Undefined if its moment did not come in time. */
const inflict = async ({ fault }: PlannedFault, scene: Scene) => {
  const signal = AbortSignal.timeout(patienceMs)
  try {
    return await fault.inflict(scene, signal)
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined
    throw error
  }
}

/** Has jobs that share a name run one after the other, in the order of the calls. */
const makeTurns = () => {
  const last = new Map<string, Promise<unknown>>()
  return async <Result>(names: readonly string[], job: () => Promise<Result>): Promise<Result> => {
    const before = names.map((name) => last.get(name))
    const mine = Promise.allSettled(before).then(job)
    for (const name of names) last.set(name, mine)
    return mine
  }
}
