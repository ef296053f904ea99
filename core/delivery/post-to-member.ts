import type { Connection } from '../domain/identity.ts'
import type { Clock, FramePoster, PostOutcome } from '../ports.ts'

type Deps = {
  readonly poster: FramePoster
  readonly clock: Clock
  readonly wait: (ms: number) => Promise<void>
  /** Tells whether the deadline has passed. */
  readonly isLate: () => boolean
}

/** Delays before each attempt, in ms: 2 retries within 200 ms. A stalled socket must not block its room (our choice). */
const retryDelaysMs = [50, 150]
/** Duration of a failed post, in ms, after which it is not repeated immediately: the endpoint does not answer. */
export const slowMs = 200

/**
 * Posts frames to one connection in order, up to the first failure.
 *
 * @returns the outcome of the last post, or `late` if the deadline came first
 */
export const makePostToMember =
  (deps: Deps) =>
  async (connection: Connection, frames: readonly string[]): Promise<PostOutcome | 'late'> => {
    for (const frame of frames) {
      const outcome = await postWithRetries(deps, connection, frame)
      if (outcome !== 'sent') return outcome
    }
    return 'sent'
  }

const postWithRetries = async (
  { poster, clock, wait, isLate }: Deps,
  connection: Connection,
  frame: string,
): Promise<PostOutcome | 'late'> => {
  let outcome: PostOutcome | 'late' = 'late'
  for (const delayMs of [0, ...retryDelaysMs]) {
    if (delayMs > 0) await wait(delayMs)
    if (isLate()) break
    const startedMs = clock()
    outcome = await poster.post(connection, frame)
    const isSettled = outcome === 'sent' || outcome === 'gone'
    // A post that took long to fail will take long again.
    if (isSettled || clock() - startedMs > slowMs) break
  }
  return outcome
}
