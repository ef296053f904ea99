import type { Clock } from '../../core/ports.ts'

type Options = {
  /** null: no limit. */
  readonly perSecond: number | null
  /** How many may come at once. */
  readonly burst: number
  readonly clock: Clock
}

/** A token bucket: each call takes a token, and says whether there was one. */
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
