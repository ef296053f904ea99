import type { IdSource } from '../../core/ports.ts'

/** Counts, in the shape of ULIDs: the same ids each time, which say nothing of time and are unique to one source only. */
export const makeIdSource = (): IdSource => {
  let count = 0
  return () => String(++count).padStart(ulidLength, '0')
}

const ulidLength = 26
