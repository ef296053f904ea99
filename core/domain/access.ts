import { ChatError } from '../../protocol/chat-error.ts'
import type { Identity } from './identity.ts'

/**
 * Rooms that only the system opens: a user's own room (`user.`) and direct messages (`dm.`).
 * No pattern of a token matches them.
 */
const systemPrefixes = ['user.', 'dm.']

export const isSystemRoom = (roomId: string): boolean =>
  systemPrefixes.some((prefix) => roomId.startsWith(prefix))

export const mayEnter = ({ rooms }: Identity, roomId: string): boolean =>
  !isSystemRoom(roomId) && rooms.some((pattern) => matches(pattern, roomId))

/** For what only the system does in its rooms. @throws ChatError `forbidden` */
export const requireNoSystemRoom = (roomId: string): void => {
  if (isSystemRoom(roomId)) throw new ChatError('forbidden', `The room ${roomId} belongs to the system.`)
}

/** @throws ChatError `forbidden` */
export const requireEntry = (identity: Identity, roomId: string): void => {
  if (!mayEnter(identity, roomId)) {
    throw new ChatError('forbidden', `Your token does not allow the room ${roomId}.`)
  }
}

/**
 * The room of a user's own, which every one of their connections is in: it is how a user's connections are
 * counted without an index that lags. A digest, because a user id may be longer than a room id and holds
 * characters that a room id may not.
 */
export const personalRoomOf = async (userId: string): Promise<string> => {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(userId))
  return `user.${base64url(new Uint8Array(digest))}`
}

const matches = (pattern: string, roomId: string): boolean =>
  pattern.endsWith('*') ? roomId.startsWith(pattern.slice(0, -1)) : pattern === roomId

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
