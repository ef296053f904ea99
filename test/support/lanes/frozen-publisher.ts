import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { Topology } from '../../../adapters/rabbitmq/topology.ts'
import { eventually } from '../eventually.ts'

/** A process that publishes what it is told to, and that can be frozen as a Lambda's container is between two invocations. */
export const spawnPublisher = (url: string, { deadLetterQueue }: Topology, room: string) => {
  const prefix = deadLetterQueue.split('.')[0] ?? ''
  const child = spawn(process.execPath, ['test/support/processes/publishing-child.ts', url, prefix, room], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  onTestFinished(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  return {
    freeze: () => child.kill('SIGSTOP'),
    wake: () => child.kill('SIGCONT'),
    publish: (n: number) => child.stdin.write(`${n}\n`),
    output: () => output,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    /** What became of a job, and after how many ms by the process's own clock. */
    outcomeOf: async (n: number, withinMs: number) => {
      const pattern = new RegExp(`^${n} (\\S+) after (\\d+) ms$`, 'm')
      await eventually(() => pattern.test(output), `what becomes of ${n}: ${output}`, withinMs)
      const [, outcome, ms] = pattern.exec(output) ?? []
      return { outcome, ms: Number(ms) }
    },
  }
}
