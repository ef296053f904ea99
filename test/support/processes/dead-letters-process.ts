import type { Topology } from '../../../adapters/rabbitmq/topology.ts'
import { spawnScript } from './spawn-script.ts'

/** What an operator sets to reach this topology. */
export const operatorEnv = (url: string, { deadLetterQueue, laneCounts }: Topology) => ({
  RABBITMQ_URL: url,
  QUEUE_PREFIX: deadLetterQueue.split('.')[0] ?? '',
  LANES: String(laneCounts.lanes),
  BULK_LANES: String(laneCounts.bulkLanes),
})

/** `npm run dead-letters` as a process of its own. */
export const spawnDeadLetters = (args: readonly string[], env: Readonly<Record<string, string>>) =>
  spawnScript('cli/dead-letters/main.ts', args, { ...process.env, ...env })
