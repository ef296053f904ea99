import { ChatError } from '../../protocol/chat-error.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { Head } from '../../protocol/server-frames.ts'
import type { Draft } from './entry.ts'

/**
 * seq after which an entry may be an earlier try of this draft: what its `since` says, or without one where the
 * retry window begins. ChatError `stale_cursor`, as a value, if `since` does not fit the room.
 *
 * @param head the room's last entry as it is now, null and 0 while there is none
 */
export const searchAfter = (
  { since, clientMessageId }: Pick<Draft, 'since' | 'clientMessageId'>,
  head: Head,
  { sinceEntries, retryWindowEntries }: Pick<Limits, 'sinceEntries' | 'retryWindowEntries'>,
): number | ChatError => {
  // Without an id there is nothing to recognise it by, and `since` says nothing.
  if (since === undefined || clientMessageId === undefined) return Math.max(0, head.seq - retryWindowEntries)
  // Who knew an empty room knew nothing of the present epoch, whatever it is called by now.
  const knewNothing = since.epoch === null && since.seq === 0
  if (!knewNothing && since.epoch !== head.epoch) return staleCursor('since is of another epoch of the room.')
  if (since.seq > head.seq) return staleCursor(`since is beyond the room's last message, ${head.seq}.`)
  if (head.seq - since.seq > sinceEntries) {
    return staleCursor(`since is more than ${sinceEntries} entries behind the room's last message.`)
  }
  return since.seq
}

/** For a draft that is not among what is left after its `since`: it may have been stored, and have expired. */
export const expiredSince = (): ChatError => staleCursor('What followed since has expired.')

const staleCursor = (reason: string): ChatError =>
  new ChatError(
    'stale_cursor',
    `${reason} Ask for the history: if your message is not in it, send it again with a newer since.`,
  )
