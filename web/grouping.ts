import type { ChatMessage } from '../client/api/types.ts'

type Placed = Pick<ChatMessage, 'sender' | 'sentAt'>

/** Maximum time between messages of a group, in ms (our choice). */
const groupMs = 5 * 60_000

/** Tells whether a message continues the group of the previous one. */
export const continuesGroup = (previous: Placed | undefined, next: Placed): boolean => {
  if (previous === undefined || startsDay(previous, next)) return false
  const apartMs = Date.parse(next.sentAt) - Date.parse(previous.sentAt)
  return previous.sender.userId === next.sender.userId && apartMs < groupMs
}

/** Tells whether a message is the first of its day in the reader's time zone. */
export const startsDay = (
  previous: Pick<Placed, 'sentAt'> | undefined,
  next: Pick<Placed, 'sentAt'>,
): boolean =>
  previous === undefined || new Date(previous.sentAt).toDateString() !== new Date(next.sentAt).toDateString()
