import { ChatError } from '../../protocol/chat-error.ts'
import type { Identity } from './identity.ts'

/**
 * Prefixes of rooms that only the service opens: personal rooms (`user.`) and direct messages (`dm.`). No pattern of a
 * token matches them.
 */
const systemPrefixes = ['user.', 'dm.']

/** Tells whether a room belongs to the service. */
export const isSystemRoom = (roomId: string): boolean =>
  systemPrefixes.some((prefix) => roomId.startsWith(prefix))

/** Tells whether a user may enter a room. */
export const mayEnter = ({ rooms }: Identity, roomId: string): boolean =>
  !isSystemRoom(roomId) && rooms.some((pattern) => matches(pattern, roomId))

/** Refuses a client's action in a room of the service. @throws ChatError `forbidden` */
export const requireNoSystemRoom = (roomId: string): void => {
  if (isSystemRoom(roomId)) throw new ChatError('forbidden', `The room ${roomId} belongs to the service.`)
}

/** Requires that a user may enter a room. @throws ChatError `forbidden` */
export const requireEntry = (identity: Identity, roomId: string): void => {
  if (!mayEnter(identity, roomId)) {
    throw new ChatError('forbidden', `Your token does not allow the room ${roomId}.`)
  }
}

/**
 * Returns a user's personal room, which contains all connections of the user. It allows a consistent count without a lagging
 * index. The id is a digest, because user ids may be longer than room ids and contain other characters.
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
