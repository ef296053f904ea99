import type { Connection } from '../domain/identity.ts'
import type { FramePoster, PostOutcome } from '../ports.ts'

type Deps = {
  readonly poster: FramePoster
  readonly wait: (ms: number) => Promise<void>
  /** Whether there is no time left for another post. */
  readonly isLate: () => boolean
}

/** 2 retries within 200 ms: a stalled socket must not hold up its room; what is left goes into a later job. */
const retryDelaysMs = [50, 150]

/** Posts frames to one connection in order, up to the first that could not be posted; tells that one's outcome. */
export const makePostToMember = (deps: Deps) => async (connection: Connection, frames: readonly string[]) => {
  for (const frame of frames) {
    const outcome = await postWithRetries(deps, connection, frame)
    if (outcome !== 'sent') return outcome
  }
  return 'sent'
}

const postWithRetries = async ({ poster, wait, isLate }: Deps, connection: Connection, frame: string) => {
  if (isLate()) return 'failed'
  let outcome: PostOutcome = await poster.post(connection, frame)
  for (const delayMs of retryDelaysMs) {
    if (outcome === 'sent' || outcome === 'gone') break
    await wait(delayMs)
    if (isLate()) break
    outcome = await poster.post(connection, frame)
  }
  return outcome
}
