import type { Telemetry } from '../../core/ports.ts'

export type RecordedTelemetry = Telemetry & {
  readonly warnings: readonly string[]
  readonly errors: readonly { readonly message: string; readonly error: unknown }[]
  readonly counts: ReadonlyMap<string, number>
}

/** Keeps warnings, errors and counters for as long as it lives; what merely informs is dropped. */
export const makeTelemetry = (): RecordedTelemetry => {
  const warnings: string[] = []
  const errors: { message: string; error: unknown }[] = []
  const counts = new Map<string, number>()
  return {
    warnings,
    errors,
    counts,
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
  }
}
