import type { Timings } from './timings.ts'

/** ms to wait after that many failures in a row; 1 is the first. */
export type Backoff = (failures: number) => number

type Options = Pick<Timings, 'backoffMinMs' | 'backoffMaxMs'> & {
  /** From 0 up to, but not including, 1. */
  readonly random: () => number
}

/**
 * Full jitter: anything between nothing and a bound that doubles with each failure. Clients that lost their
 * server at the same moment come back spread over the whole span and not in waves.
 */
export const makeBackoff =
  ({ backoffMinMs, backoffMaxMs, random }: Options): Backoff =>
  (failures) =>
    random() * Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.max(0, failures - 1))
