import { monotonicFactory } from 'ulid'
import type { Clock, IdSource } from '../../core/ports.ts'

type Deps = { readonly clock: Clock }

/**
 * Creates ULIDs from the machine's randomness. Each is higher than the previous one in this process, even within a
 * millisecond and when the clock goes back.
 */
export const makeIdSource = ({ clock }: Deps): IdSource => {
  const next = monotonicFactory()
  return () => next(clock())
}
