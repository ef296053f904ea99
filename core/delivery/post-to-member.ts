import type { Connection } from '../domain/identity.ts'
import type { Clock, FramePoster, PostOutcome } from '../ports.ts'

type Deps = {
  readonly poster: FramePoster
  readonly clock: Clock
  readonly wait: (ms: number) => Promise<void>
  /** Whether there is no time left for another post. */
  readonly isLate: () => boolean
}

/** 2 retries within 200 ms: a stalled socket must not hold up its room; what is left goes into a later job. */
const retryDelaysMs = [50, 150]
/** A post that fails after so long is not tried again at once: nobody answers there. */
export const slowMs = 200

/**
 * Posts frames to one connection in order, up to the first that could not be posted; tells that one's outcome, or `late`
 * for one that there was no time to post.
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
    // Whoever took long to fail will take long again.
    if (isSettled || clock() - startedMs > slowMs) break
  }
  return outcome
}
