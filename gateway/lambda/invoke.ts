import { randomUUID } from 'node:crypto'
import type { Handlers, PickHandlers } from './handlers.ts'
import type { InFlight } from './in-flight.ts'
import { tooLate, within } from './in-flight.ts'

type InvocationContext = Parameters<Handlers['authorize']>[1]

/** Thrown when a function does not return in time. Unlike Lambda, the gateway cannot end it; its result is ignored. */
export class InvocationTimeout extends Error {
  override readonly name = 'InvocationTimeout'
}

/**
 * Invokes a function of one set of handlers.
 *
 * @throws InvocationTimeout, and whatever the function throws
 */
export type Invoke = <T>(
  call: (handlers: Handlers, context: InvocationContext) => Promise<T>,
  timeoutMs?: number,
) => Promise<T>

type Options = {
  readonly pickHandlers: PickHandlers
  readonly timeoutMs: number
  readonly inFlight: InFlight
}

/** Creates `Invoke`, which picks a set of handlers for each invocation and tracks it as in flight. */
export const makeInvoke =
  ({ pickHandlers, timeoutMs: defaultTimeoutMs, inFlight }: Options): Invoke =>
  async (call, timeoutMs = defaultTimeoutMs) => {
    const deadline = performance.now() + timeoutMs
    const context = {
      awsRequestId: randomUUID(),
      getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
    }
    const outcome = await inFlight.track(
      within(
        // A handler that is not an async function may throw before it returns a promise.
        (async () => call(pickHandlers(), context))(),
        timeoutMs,
      ),
    )
    if (outcome === tooLate) {
      throw new InvocationTimeout(`Invocation ${context.awsRequestId} took more than ${timeoutMs} ms`)
    }
    return outcome
  }
