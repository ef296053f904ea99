import type { Clock } from '../../core/ports.ts'

/** The machine's clock. It may jump when the machine is set right; nothing here needs it to be monotonic. */
export const systemClock: Clock = () => Date.now()
