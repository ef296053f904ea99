import type { Clock } from '../../core/ports.ts'

type Options = {
  /** Tokens that are added per second; null means no limit. */
  readonly perSecond: number | null
  /** Capacity of the bucket: the number of calls that may succeed at the same time. */
  readonly burst: number
  readonly clock: Clock
}

/** Creates a token bucket. Each call takes a token and returns false if none was left. */
export const makeRateLimit = ({ perSecond, burst, clock }: Options): (() => boolean) => {
  if (perSecond === null) return () => true
  let tokens = burst
  let filledAtMs = clock()
  return () => {
    const nowMs = clock()
    tokens = Math.min(burst, tokens + (Math.max(0, nowMs - filledAtMs) * perSecond) / 1000)
    filledAtMs = nowMs
    if (tokens < 1) return false
    tokens--
    return true
  }
}
