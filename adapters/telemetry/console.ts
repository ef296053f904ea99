import type { Counter, Duration } from '../../core/domain/metrics.ts'
import type { Clock, Telemetry } from '../../core/ports.ts'
import { printable } from './log-data.ts'

type Level = keyof typeof severity

type Options = {
  /** Writes one line, given without its line end. Default: standard output. */
  readonly write?: (line: string) => void
  /** Lowest level that is written; `silent` writes nothing. Default: `info`. Counters count at every level. */
  readonly level?: Level | 'silent'
  readonly clock?: Clock
}

type ConsoleTelemetry = Telemetry & {
  /** Returns the counters since the start, by metric. */
  readonly counters: () => Readonly<Partial<Record<Counter, number>>>
  /** Returns the distributions since the start, by metric. */
  readonly durations: () => Readonly<Partial<Record<Duration, Summary>>>
}

/** Distribution of values in ms: count, sum and maximum. */
type Summary = { readonly count: number; readonly sum: number; readonly max: number }

const severity = { info: 0, warn: 1, error: 2 } as const

/** Creates telemetry that writes one JSON object per line, without secrets and content, and counts in memory. */
export const makeTelemetry = ({
  write = writeToStandardOutput,
  level: lowest = 'info',
  clock = Date.now,
}: Options = {}): ConsoleTelemetry => {
  const counters = new Map<Counter, number>()
  const durations = new Map<Duration, Summary>()

  const log = (level: Level, message: string, fields: object) => {
    if (lowest === 'silent' || severity[level] < severity[lowest]) return
    const head = { time: new Date(clock()).toISOString(), level, message }
    // The head comes first in the line, and again after the fields, which must not override it.
    write(JSON.stringify({ ...head, ...printable(fields), ...head }))
  }
  return {
    info: (message, fields = {}) => log('info', message, fields),
    warn: (message, fields = {}) => log('warn', message, fields),
    error: (message, error, fields = {}) => log('error', message, { ...fields, error }),
    count: (metric, value = 1) => {
      counters.set(metric, (counters.get(metric) ?? 0) + value)
    },
    measure: (metric, ms) => {
      const { count, sum, max } = durations.get(metric) ?? { count: 0, sum: 0, max: 0 }
      durations.set(metric, { count: count + 1, sum: sum + ms, max: Math.max(max, ms) })
    },
    counters: () => Object.fromEntries(counters),
    durations: () => Object.fromEntries(durations),
  }
}

const writeToStandardOutput = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
