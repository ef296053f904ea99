import type { Clock } from '../../core/ports.ts'

/** The machine's clock. It may jump when it is adjusted; no code relies on it being monotonic. */
export const systemClock: Clock = () => Date.now()
