import type { Telemetry } from '../../core/ports.ts'
import { tooLate, within } from '../lambda/in-flight.ts'

/** One thing that the process needs, such as its broker; `problem` says what is wrong with it. */
export type Check = { readonly name: string; readonly problem: string | null }

type Deps = {
  readonly checks: (() => Promise<readonly Check[]>) | undefined
  readonly draining: () => boolean
  readonly connections: () => number
  readonly invocations: () => number
  readonly telemetry: Telemetry
}

export type Health = {
  readonly status: 'ok' | 'draining' | 'failing'
  readonly connections: number
  readonly invocations: number
  /** By name: `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>
}

/** What a load balancer asks. Never rejects. */
export const makeHealth =
  ({ checks, draining, connections, invocations, telemetry }: Deps) =>
  async (): Promise<Health> => {
    const found = await look(checks, telemetry)
    const failing = found.some(({ problem }) => problem !== null)
    return {
      status: draining() ? 'draining' : failing ? 'failing' : 'ok',
      connections: connections(),
      invocations: invocations(),
      checks: Object.fromEntries(found.map(({ name, problem }) => [name, problem ?? 'ok'])),
    }
  }

/** A load balancer gives up after a few seconds, and learns nothing then. */
const patienceMs = 3_000

const look = async (checks: Deps['checks'], telemetry: Telemetry): Promise<readonly Check[]> => {
  if (!checks) return []
  try {
    const found = await within(checks(), patienceMs)
    return found === tooLate ? [{ name: 'checks', problem: `did not answer within ${patienceMs} ms` }] : found
  } catch (error) {
    telemetry.error('The health checks failed', error)
    return [{ name: 'checks', problem: 'failed, see the log' }]
  }
}
