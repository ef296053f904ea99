import { brokerFaults } from './broker.ts'
import { clockFaults } from './clock.ts'
import type { Fault, FaultKind } from './fault.ts'
import { networkFaults } from './network.ts'
import { postFaults } from './posts.ts'
import { processFaults } from './processes.ts'
import { storeFaults } from './store.ts'

const allFaults: readonly Fault[] = [
  ...brokerFaults,
  ...processFaults,
  ...networkFaults,
  ...postFaults,
  ...storeFaults,
  ...clockFaults,
]

export const faultsOf = (kinds: readonly FaultKind[]): readonly Fault[] =>
  allFaults.filter(({ kind }) => kinds.includes(kind))
