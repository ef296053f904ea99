import { ChatError } from '../../protocol/chat-error.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { Head } from '../../protocol/server-frames.ts'
import type { Draft } from './entry.ts'

/**
 * Returns the seq after which an entry may be an earlier try of a draft. It is that of `since`, or else the start of the
 * retry window. Returns ChatError `stale_cursor` as a value if `since` does not fit the room.
 *
 * @param head cursor of the room's last entry; null and 0 while there is none
 */
export const searchAfter = (
  { since, clientMessageId }: Pick<Draft, 'since' | 'clientMessageId'>,
  head: Head,
  { sinceEntries, retryWindowEntries }: Pick<Limits, 'sinceEntries' | 'retryWindowEntries'>,
): number | ChatError => {
  // Without an id, no entry can be recognised and `since` is meaningless.
  if (since === undefined || clientMessageId === undefined) return Math.max(0, head.seq - retryWindowEntries)
  // A client that knew an empty room knows nothing of the current epoch.
  const knewNothing = since.epoch === null && since.seq === 0
  if (!knewNothing && since.epoch !== head.epoch) return staleCursor('since is of another epoch of the room.')
  if (since.seq > head.seq) return staleCursor(`since is beyond the room's last message, ${head.seq}.`)
  if (head.seq - since.seq > sinceEntries) {
    return staleCursor(`since is more than ${sinceEntries} entries behind the room's last message.`)
  }
  return since.seq
}

/** Creates the error of a draft that may have been stored and have expired, because entries after its `since` are gone. */
export const expiredSince = (): ChatError => staleCursor('What followed since has expired.')

const staleCursor = (reason: string): ChatError =>
  new ChatError(
    'stale_cursor',
    `${reason} Ask for the history: if your message is not in it, send it again with a newer since.`,
  )
