import type { FramePoster, PostOutcome } from '../../core/ports.ts'
import type { ServerFrame } from '../../protocol/server-frames.ts'

/** What becomes of a post. */
export type Answer = (connectionId: string, frame: ServerFrame) => PostOutcome

type Post = { readonly connectionId: string; readonly frame: ServerFrame }

type RecordedPoster = FramePoster & {
  /** What was sent, oldest first. */
  readonly posted: readonly Post[]
  /** Ids of the connections that were closed, oldest first. */
  readonly closed: readonly string[]
}

/** Reaches nobody: keeps what it sends, and answers a post as it is told. Every connection can be closed. */
export const makeFramePoster = ({
  answer = () => 'sent',
}: {
  readonly answer?: Answer
} = {}): RecordedPoster => {
  const posted: Post[] = []
  const closed: string[] = []
  return {
    posted,
    closed,
    post: async ({ connectionId }, text) => {
      const frame: ServerFrame = JSON.parse(text)
      const outcome = answer(connectionId, frame)
      if (outcome === 'sent') posted.push({ connectionId, frame })
      return outcome
    },
    close: async ({ connectionId }) => {
      closed.push(connectionId)
      return 'sent'
    },
  }
}
