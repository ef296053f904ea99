import { errorCodes } from '../../protocol/codes.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { ChatClientError } from '../api/errors.ts'

type Options = {
  readonly fetch: typeof globalThis.fetch
  readonly url: URL
  readonly timeoutMs: number
}

/** Codes for which a connection is refused. */
const refusals = ['bad_request', 'unauthorized', 'forbidden', 'rate_limited'] as const

/**
 * Why a connection was refused, which a browser cannot see on the upgrade itself. Undefined where the server would
 * take it, or cannot be reached either, or where something else answers, as API Gateway does to a plain request: then
 * trying again is right.
 */
export const askWhyRefused = async ({
  fetch,
  url,
  timeoutMs,
}: Options): Promise<ChatClientError | undefined> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), cache: 'no-store' })
    const code = refusals.find((refusal) => errorCodes[refusal].status === response.status)
    if (code === undefined) return undefined
    const message = messageOf(await response.text(), code)
    if (message === undefined) return undefined
    return new ChatClientError(code, message, {
      status: response.status,
      temporary: errorCodes[code].temporary,
    })
  } catch (error) {
    if (isNetworkFailure(error)) return undefined
    throw error
  }
}

/** Where to ask: on the WebSocket's own host, unless another place is named. @throws TypeError if that is no URL */
export const placeToAsk = (socketUrl: URL, named: string | undefined): URL =>
  new URL(named ?? '/auth-check', httpUrlOf(socketUrl))

/** What to ask there: with the query of the WebSocket, and the token that was offered. */
export const authCheckUrl = (place: URL, socketUrl: URL, token: string | undefined): URL => {
  const url = new URL(place)
  for (const [name, value] of socketUrl.searchParams) url.searchParams.set(name, value)
  if (token !== undefined) url.searchParams.set('token', token)
  return url
}

const httpUrlOf = (socketUrl: URL): string => socketUrl.href.replace(/^ws/, 'http')

/** What `fetch` throws when there is no network, or no answer in time. */
const isNetworkFailure = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')

/** Undefined for what is no error frame of the service with this code. */
const messageOf = (body: string, code: string): string | undefined => {
  const frame = parseJson(body)
  if (typeof frame !== 'object' || frame === null) return undefined
  if (!('type' in frame && frame.type === 'error' && 'code' in frame && frame.code === code)) return undefined
  return 'message' in frame && typeof frame.message === 'string' ? frame.message : undefined
}
