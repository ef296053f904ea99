import { monotonicFactory } from 'ulid'
import type { Clock, IdSource } from '../../core/ports.ts'

type Deps = { readonly clock: Clock }

/**
 * ULIDs from the machine's own randomness. Each is higher than the one before it in this process, within a
 * millisecond and when the clock goes back as well.
 */
export const makeIdSource = ({ clock }: Deps): IdSource => {
  const next = monotonicFactory()
  return () => next(clock())
}
