import type { ChatMessage } from '../client/api/types.ts'

type Placed = Pick<ChatMessage, 'sender' | 'sentAt'>

/** Messages of one sender that follow each other within this time form a group. */
const groupMs = 5 * 60_000

/** Whether a message continues the group of the one before it. */
export const continuesGroup = (previous: Placed | undefined, next: Placed): boolean => {
  if (previous === undefined || startsDay(previous, next)) return false
  const apartMs = Date.parse(next.sentAt) - Date.parse(previous.sentAt)
  return previous.sender.userId === next.sender.userId && apartMs < groupMs
}

/** Whether a message is the first of its day, where the reader is. */
export const startsDay = (
  previous: Pick<Placed, 'sentAt'> | undefined,
  next: Pick<Placed, 'sentAt'>,
): boolean =>
  previous === undefined || new Date(previous.sentAt).toDateString() !== new Date(next.sentAt).toDateString()
