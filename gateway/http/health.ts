import type { Telemetry } from '../../core/ports.ts'
import { tooLate, within } from '../lambda/in-flight.ts'

/** State of one dependency, such as the broker. `problem` is null if the dependency works. */
export type Check = { readonly name: string; readonly problem: string | null }

type Deps = {
  readonly checks: (() => Promise<readonly Check[]>) | undefined
  readonly draining: () => boolean
  readonly connections: () => number
  readonly invocations: () => number
  readonly telemetry: Telemetry
}

/** Body of `GET /health`. */
export type Health = {
  readonly status: 'ok' | 'draining' | 'failing'
  readonly connections: number
  readonly invocations: number
  /** Result by name: `ok`, or the problem in words. */
  readonly checks: Readonly<Record<string, string>>
}

/** Creates the function behind `GET /health`, for load balancers. It never rejects. */
export const makeHealth =
  ({ checks, draining, connections, invocations, telemetry }: Deps) =>
  async (): Promise<Health> => {
    const found = await runChecks(checks, telemetry)
    const failing = found.some(({ problem }) => problem !== null)
    return {
      status: draining() ? 'draining' : failing ? 'failing' : 'ok',
      connections: connections(),
      invocations: invocations(),
      checks: Object.fromEntries(found.map(({ name, problem }) => [name, problem ?? 'ok'])),
    }
  }

/** Time limit of the checks. Load balancers give up after a few seconds, so the answer must come sooner. */
const patienceMs = 3_000

const runChecks = async (checks: Deps['checks'], telemetry: Telemetry): Promise<readonly Check[]> => {
  if (!checks) return []
  try {
    const found = await within(checks(), patienceMs)
    return found === tooLate ? [{ name: 'checks', problem: `did not answer within ${patienceMs} ms` }] : found
  } catch (error) {
    telemetry.error('The health checks failed', error)
    return [{ name: 'checks', problem: 'failed; see the log' }]
  }
}
