import * as v from 'valibot'
import { ChatError } from '../../protocol/chat-error.ts'
import { RoomIdSchema } from '../../protocol/client-frames.ts'
import { subprotocol, tokenSubprotocolPrefix } from '../../protocol/codes.ts'
import type { AuthorizerEvent, ConnectEvent } from './events.ts'

type UpgradeEvent = AuthorizerEvent | ConnectEvent

export const queryOf = (event: UpgradeEvent, name: string): string | undefined =>
  event.queryStringParameters?.[name] || undefined

/** The room that a query names, if any. @throws ChatError `bad_request` */
export const roomIdOf = (roomId: string | undefined): string | undefined => {
  if (roomId === undefined || v.is(RoomIdSchema, roomId)) return roomId
  throw new ChatError('bad_request', 'roomId must be 1 to 128 characters of A-Z a-z 0-9 _ . : -')
}

/** The subprotocols that the client offers: one header, comma-separated with blanks, or several headers. */
export const offeredSubprotocols = (event: UpgradeEvent): readonly string[] =>
  headerValues(event, 'sec-websocket-protocol')
    .flatMap((value) => value.split(','))
    .map((offer) => offer.trim())
    .filter((offer) => offer !== '')

/** The token, from the query string or the subprotocol `token.<jwt>`. */
export const tokenOf = (event: UpgradeEvent): string | undefined =>
  queryOf(event, 'token') ??
  offeredSubprotocols(event)
    .find((offer) => offer.startsWith(tokenSubprotocolPrefix))
    ?.slice(tokenSubprotocolPrefix.length)

/** What to echo: ours if it is among the offers; undefined if nothing was offered; null if ours is not among them. */
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
