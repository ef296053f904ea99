import type { ChatClientError } from '../client/api/errors.ts'
import type { ConnectionState } from '../client/api/types.ts'

/** How the page names the state of the connection: `data-state`, and the words beside the dot. */
export type Badge = {
  readonly state: 'connecting' | 'online' | 'waiting' | 'reconnecting' | 'offline' | 'closed'
  readonly label: string
}

/** An answer that takes longer than this is worth a word. Ours. */
const patienceMs = 5000

/** `waitedMs`: how long the oldest unsent message has waited on this connection. */
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

/** Why somebody is back at the start form, in words for a person. */
export const reasonForLeaving = (
  { code, message }: ChatClientError,
  { hasToken }: { readonly hasToken: boolean },
): string | undefined => {
  switch (code) {
    case 'closed':
      return undefined
    case 'unauthorized':
      // What the server says to somebody without a token is for developers.
      return hasToken
        ? `Your token is not valid (any more). ${message}`
        : 'This chat needs a token. Paste yours below.'
    case 'forbidden':
      return `You may not come in here: ${message}`
    case 'rate_limited':
      return `There are too many connections in your name: ${message}`
    default:
      return message
  }
}

/** Asks whether to leave although messages are on their way. */
export const leaveAnywayText = (count: number): string =>
  count === 1
    ? 'One message is not sent yet and may be lost. Leave anyway?'
    : `${count} messages are not sent yet and may be lost. Leave anyway?`

/** Why a message was not sent, in words for its writer. */
export const reasonForFailure = ({ code, message }: ChatClientError): string =>
  failures[code] ?? `Not sent. ${message}`

const failures: { readonly [code in ChatClientError['code']]?: string } = {
  too_large: 'Not sent: it is too long.',
  rejected: 'Not sent: it was not let through.',
  muted: 'Not sent: you are muted in this room.',
  forbidden: 'Not sent: you may not write here.',
  internal: 'It is not certain that this was sent. Try again: it will not appear twice.',
  stale_cursor: 'The connection was away too long to tell whether this was sent.',
  left: 'Not sent: you left the room.',
  closed: 'Not sent: you were disconnected.',
}

/** What is left of a message's allowance, once that is worth mentioning. */
export const budgetText = (bytes: number, maxBytes: number): string | undefined => {
  const left = maxBytes - bytes
  if (left > maxBytes / 8) return undefined
  return left >= 0 ? `${left} left` : `${-left} too long`
}

export const newMessagesText = (count: number): string =>
  count === 1 ? '1 new message' : `${count > 99 ? '99+' : count} new messages`

/** One or two letters for somebody's picture. */
export const initialsOf = (name: string): string => {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter(Boolean)
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return letters.map((word) => firstCharacter(word ?? '?').toUpperCase()).join('')
}

/** A hue from 0 to 359 that is always the same for one user. */
export const hueOf = (userId: string): number => {
  let hash = 0
  for (const character of userId) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0
  return hash % 360
}

/** What a reader sees as one character may be many code points: a flag, a family. */
const firstCharacter = (word: string): string =>
  [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(word)][0]?.segment ?? '?'
