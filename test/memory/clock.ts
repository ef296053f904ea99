import type { Clock } from '../../core/ports.ts'

type StandingClock = {
  readonly clock: Clock
  readonly advance: (ms: number) => void
}

/** Stands still until it is advanced. */
export const makeClock = (startMs: number): StandingClock => {
  let nowMs = startMs
  return {
    clock: () => nowMs,
    advance: (ms) => {
      nowMs += ms
    },
  }
}
