import * as v from 'valibot'
import { ChatError } from '../../protocol/chat-error.ts'
import { RoomIdSchema } from '../../protocol/client-frames.ts'
import { subprotocol, tokenSubprotocolPrefix } from '../../protocol/codes.ts'
import type { AuthorizerEvent, ConnectEvent } from './events.ts'

type UpgradeEvent = AuthorizerEvent | ConnectEvent

/** Returns a query parameter of an upgrade request. */
export const queryOf = (event: UpgradeEvent, name: string): string | undefined =>
  event.queryStringParameters?.[name] || undefined

/** Validates an optional room id of a query. @throws ChatError `bad_request` */
export const roomIdOf = (roomId: string | undefined): string | undefined => {
  if (roomId === undefined || v.is(RoomIdSchema, roomId)) return roomId
  throw new ChatError('bad_request', 'roomId must be 1 to 128 characters of A-Z a-z 0-9 _ . : -')
}

/** Lists the offered subprotocols: from one header, separated by commas, or from several headers. */
export const offeredSubprotocols = (event: UpgradeEvent): readonly string[] =>
  headerValues(event, 'sec-websocket-protocol')
    .flatMap((value) => value.split(','))
    .map((offer) => offer.trim())
    .filter((offer) => offer !== '')

/** Returns the token from the query string or from the subprotocol `token.<jwt>`. */
export const tokenOf = (event: UpgradeEvent): string | undefined =>
  queryOf(event, 'token') ??
  offeredSubprotocols(event)
    .find((offer) => offer.startsWith(tokenSubprotocolPrefix))
    ?.slice(tokenSubprotocolPrefix.length)

/** Returns the subprotocol to echo; undefined if none was offered, null if the required one is missing. */
export const chosenSubprotocol = (event: UpgradeEvent): string | undefined | null => {
  const offered = offeredSubprotocols(event)
  if (offered.length === 0) return undefined
  return offered.includes(subprotocol) ? subprotocol : null
}

const headerValues = ({ headers, multiValueHeaders }: UpgradeEvent, name: string): readonly string[] => {
  const multi = Object.entries(multiValueHeaders ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]
  if (multi) return multi
  const single = Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]
  return single === undefined ? [] : [single]
}
