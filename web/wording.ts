import type { ChatClientError } from '../client/api/errors.ts'
import type { ConnectionState } from '../client/api/types.ts'

/** Badge of the connection: value of `data-state`, and the words beside the dot. */
export type Badge = {
  readonly state: 'connecting' | 'online' | 'waiting' | 'reconnecting' | 'offline' | 'closed'
  readonly label: string
}

/** Time after which a missing answer is mentioned, in ms (our choice). */
const patienceMs = 5000

/** Returns the badge of a state. @param waitedMs time that the oldest unsent message has waited on this connection */
export const badgeOf = (state: ConnectionState, wasOnline: boolean, waitedMs = 0): Badge => {
  switch (state.status) {
    case 'open':
      return waitedMs > patienceMs
        ? { state: 'waiting', label: 'Waiting for the server' }
        : { state: 'online', label: 'Online' }
    case 'resuming':
      return { state: 'reconnecting', label: 'Catching up' }
    case 'connecting':
      return wasOnline || state.attempt > 1
        ? { state: 'reconnecting', label: 'Reconnecting' }
        : { state: 'connecting', label: 'Connecting' }
    case 'offline':
      return { state: 'offline', label: 'Offline' }
    case 'closed':
      return { state: 'closed', label: 'Disconnected' }
  }
}

/** Explains to the user why the start form is shown again. */
export const reasonForLeaving = (
  { code, message }: ChatClientError,
  { hasToken }: { readonly hasToken: boolean },
): string | undefined => {
  switch (code) {
    case 'closed':
      return undefined
    case 'unauthorized':
      // The server's message about a missing token is for developers.
      return hasToken
        ? `Your token is invalid or has expired. ${message}`
        : 'This chat needs a token. Paste yours below.'
    case 'forbidden':
      return `You may not enter this room: ${message}`
    case 'rate_limited':
      return `You have too many open connections: ${message}`
    default:
      return message
  }
}

/** Asks whether to leave although messages are unsent. */
export const leaveAnywayText = (count: number): string =>
  count === 1
    ? 'One message is not sent yet and may be lost. Leave anyway?'
    : `${count} messages are not sent yet and may be lost. Leave anyway?`

/** Explains to the user why a message was not sent. */
export const reasonForFailure = ({ code, message }: ChatClientError): string =>
  failures[code] ?? `Not sent. ${message}`

const failures: { readonly [code in ChatClientError['code']]?: string } = {
  too_large: 'Not sent: it is too long.',
  rejected: 'Not sent: it was refused.',
  muted: 'Not sent: you are muted in this room.',
  forbidden: 'Not sent: you may not write here.',
  internal: 'This message may not have been sent. Try again: it will not appear twice.',
  stale_cursor: 'The connection was lost for too long to know whether this was sent.',
  left: 'Not sent: you left the room.',
  closed: 'Not sent: you were disconnected.',
}

/** Returns the remaining length of a message once it is short. */
export const budgetText = (bytes: number, maxBytes: number): string | undefined => {
  const left = maxBytes - bytes
  if (left > maxBytes / 8) return undefined
  return left >= 0 ? `${left} left` : `${-left} too long`
}

/** Formats the number of new messages. */
export const newMessagesText = (count: number): string =>
  count === 1 ? '1 new message' : `${count > 99 ? '99+' : count} new messages`

/** Returns one or two initials of a name. */
export const initialsOf = (name: string): string => {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter(Boolean)
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return letters.map((word) => firstCharacter(word ?? '?').toUpperCase()).join('')
}

/** Returns a hue from 0 to 359, always the same for a user. */
export const hueOf = (userId: string): number => {
  let hash = 0
  for (const character of userId) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0
  return hash % 360
}

/** Returns the first visible character, which may consist of many code points, such as a flag. */
const firstCharacter = (word: string): string =>
  [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(word)][0]?.segment ?? '?'
