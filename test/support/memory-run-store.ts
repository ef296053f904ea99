import { endOf, type Run } from '../../adapters/dynamodb/log/run.ts'
import type { RunStore } from '../../adapters/dynamodb/log/run-store.ts'

export type MemoryRunStore = RunStore & {
  /** The runs that are physically there, in their order. */
  readonly runs: Run[]
  readonly calls: { puts: number; queries: number }
}

/** One room's items as DynamoDB keeps them, so that the algorithm of the log can be tried without any engine. */
export const makeMemoryRunStore = (): MemoryRunStore => {
  const runs: Run[] = []
  const calls = { puts: 0, queries: 0 }
  return {
    runs,
    calls,
    put: async (_, run) => {
      calls.puts++
      if (runs.some(({ position }) => position === run.position)) return 'taken'
      runs.push(run)
      runs.sort((one, other) => one.position - other.position)
      return 'stored'
    },
    query: async (_, { from = 1, to = Number.POSITIVE_INFINITY, order, limit }) => {
      calls.queries++
      const found = runs.filter(({ position }) => position >= from && position <= to)
      const page = (order === 'ascending' ? found : found.toReversed()).slice(0, limit)
      return { runs: page, complete: page.length === found.length }
    },
  }
}

/** @throws Error unless each run begins where the one before it ends, and its entries are numbered from its base. */
export const requireContiguous = (runs: readonly Run[]): void => {
  let end = 0
  for (const run of runs) {
    if (run.position !== end + 1) throw new Error(`A run at ${run.position} follows one that ends at ${end}`)
    for (const [index, { seq }] of run.entries.entries()) {
      if (seq !== run.position + index - run.base)
        throw new Error(`seq ${seq} at position ${run.position + index}`)
    }
    end = endOf(run)
  }
}
