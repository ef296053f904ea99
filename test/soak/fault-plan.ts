import type { Fault } from './faults/fault.ts'
import { below, between, makeRandom, type Random, shuffled } from './random.ts'

/** A fault that will happen, drawn from a seed. */
export type PlannedFault = {
  readonly fault: Fault
  /** Index of the node that it is about, if it is about one. */
  readonly node: number
  readonly crowd: number
  readonly amount: number
  /** Since the run began. */
  readonly atMs: number
  readonly lengthMs: number
  /** What it troubles, by name: `node 1`, `broker`. */
  readonly troubles: readonly string[]
}

type Options = {
  readonly seed: number
  readonly faults: readonly Fault[]
  readonly durationMs: number
  readonly nodes: number
  readonly crowds: number
}

const firstAtMs = 2_000
/** Between the beginnings of two faults, where nothing else holds the second one back; less in a short run. */
const gapMs = [2_000, 9_000] as const
const shortRunMs = 60_000
/** So many draws in a row that do not fit any more end the plan. */
const maxMisfits = 40

/**
 * Draws faults: first one of each kind, then each other variant, then all of them again and again in another order.
 * They overlap, but no two of them trouble the same thing. The same options give the same plan.
 */
export const planFaults = (options: Options): readonly PlannedFault[] => {
  const { seed, faults, durationMs } = options
  if (faults.length === 0) return []
  const random = makeRandom(seed)
  const freeFromMs = new Map<string, number>()
  const plan: PlannedFault[] = []
  let atMs = firstAtMs
  let misfits = 0
  for (const fault of deal(random, faults)) {
    const drawn = draw(random, fault, options)
    const startMs = Math.round(Math.max(atMs, ...drawn.troubles.map((name) => freeFromMs.get(name) ?? 0)))
    if (startMs + drawn.lengthMs > durationMs) {
      if (++misfits > maxMisfits) break
      continue
    }
    misfits = 0
    plan.push({ ...drawn, atMs: startMs })
    for (const name of drawn.troubles) {
      freeFromMs.set(name, startMs + drawn.lengthMs + fault.recoveryMs)
    }
    atMs += between(random, ...gapMs) * Math.min(1, durationMs / shortRunMs)
  }
  return plan.sort((a, b) => a.atMs - b.atMs)
}

function* deal(random: Random, faults: readonly Fault[]): Generator<Fault, never> {
  const first = shuffled(random, faults)
  const oneOfEachKind = first.filter(
    ({ kind }, index) => first.findIndex((other) => other.kind === kind) === index,
  )
  yield* oneOfEachKind
  yield* first.filter((fault) => !oneOfEachKind.includes(fault))
  for (;;) yield* shuffled(random, faults)
}

const draw = (random: Random, fault: Fault, { nodes, crowds }: Options): Omit<PlannedFault, 'atMs'> => {
  const [node, crowd] = [below(random, nodes), below(random, crowds)]
  return {
    fault,
    node,
    crowd,
    amount: random(),
    lengthMs: Math.round(between(random, ...fault.lengthMs)),
    troubles: fault.troubles.flatMap((name) => {
      if (name === 'every node') return Array.from({ length: nodes }, (_, index) => `node ${index}`)
      if (name === 'crowd') return [`crowd ${crowd}`]
      return name.startsWith('node') ? [`node ${node}${name.slice('node'.length)}`] : [name]
    }),
  }
}
