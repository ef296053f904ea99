import type { Gateway } from '../../../gateway/server.ts'
import { readConfig } from '../../../gateway/settings/config.ts'
import { StartError } from '../../../gateway/settings/start-error.ts'
import { startChat } from '../../../gateway/start.ts'
import { couldNotStart, type FromNode, type NodeConfig, type NodeSettings } from './node-messages.ts'

// A gateway as a process: its configuration is its argument, and its parent may change its settings at any time.

const { env, settings, ...options }: NodeConfig = JSON.parse(process.argv[2] ?? '')

// The clock of the whole process, as when a machine's is set: timers go on as they did.
const systemNow = Date.now
let clockOffsetMs = 0
Date.now = () => systemNow() + clockOffsetMs

let current = settings
let gateway: Gateway | undefined

const apply = (): void => {
  const { clockOffsetMs: offsetMs, ...faults } = current
  clockOffsetMs = offsetMs
  gateway?.faults.set(faults)
}
const say = (message: FromNode): void => {
  process.send?.(message)
}
process.on('message', (changed: NodeSettings) => {
  current = changed
  apply()
  say({ kind: 'set' })
})
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0))

try {
  apply()
  const started = await startChat(readConfig(env), { ...options, clock: () => Date.now() })
  gateway = started
  apply()
  setInterval(() => say({ kind: 'counts', counts: started.faults.counts() }), 1_000)
  say({ kind: 'ready' })
} catch (error) {
  const isExpected = error instanceof StartError
  console.error(isExpected ? error.message : error)
  process.exit(isExpected ? couldNotStart : 70)
}
