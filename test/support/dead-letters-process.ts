import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { Topology } from '../../adapters/rabbitmq/topology.ts'

/** What an operator sets to reach this topology. */
export const operatorEnv = (url: string, { deadLetterQueue, laneCounts }: Topology) => ({
  RABBITMQ_URL: url,
  QUEUE_PREFIX: deadLetterQueue.split('.')[0] ?? '',
  LANES: String(laneCounts.lanes),
  BULK_LANES: String(laneCounts.bulkLanes),
})

/** `npm run dead-letters` as a process of its own; it is killed when the test ends. */
export const spawnDeadLetters = (args: readonly string[], env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, ['operations/dead-letters/main.ts', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return {
    child,
    output: () => output,
    /** Once it has ended, however. */
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, output, errors })),
  }
}
