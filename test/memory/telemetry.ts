import type { Counter, Duration } from '../../core/domain/metrics.ts'
import type { Telemetry } from '../../core/ports.ts'

export type RecordedTelemetry = Telemetry & {
  readonly warnings: readonly string[]
  readonly errors: readonly { readonly message: string; readonly error: unknown }[]
  readonly counts: ReadonlyMap<Counter, number>
  /** Every value, in the order in which they came. */
  readonly measured: ReadonlyMap<Duration, readonly number[]>
}

/** Keeps warnings, errors and counters for as long as it lives; what merely informs is dropped. */
export const makeTelemetry = (): RecordedTelemetry => {
  const warnings: string[] = []
  const errors: { message: string; error: unknown }[] = []
  const counts = new Map<Counter, number>()
  const measured = new Map<Duration, readonly number[]>()
  return {
    warnings,
    errors,
    counts,
    measured,
    info: () => undefined,
    warn: (message) => {
      warnings.push(message)
    },
    error: (message, error) => {
      errors.push({ message, error })
    },
    count: (metric, value = 1) => {
      counts.set(metric, (counts.get(metric) ?? 0) + value)
    },
    measure: (metric, ms) => {
      measured.set(metric, [...(measured.get(metric) ?? []), ms])
    },
  }
}
