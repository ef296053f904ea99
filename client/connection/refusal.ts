import { errorCodes } from '../../protocol/codes.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { ChatClientError } from '../api/errors.ts'

type Options = {
  readonly fetch: typeof globalThis.fetch
  readonly url: URL
  readonly timeoutMs: number
}

/** Codes with which the service refuses a connection. */
const refusals = ['bad_request', 'unauthorized', 'forbidden', 'rate_limited'] as const

/**
 * Asks why a connection was refused, because a browser cannot see the status of a refused upgrade.
 *
 * @returns undefined if another attempt makes sense. The server would accept the connection, it cannot be reached, or
 * API Gateway answered instead of the service.
 */
export const fetchRefusal = async ({
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

/** Returns the auth-check endpoint: `given`, or `/auth-check` on the host of the WebSocket. @throws TypeError if invalid */
export const authCheckUrlOf = (socketUrl: URL, given: string | undefined): URL =>
  new URL(given ?? '/auth-check', httpUrlOf(socketUrl))

/** Returns the URL of an auth-check request, with the query of the WebSocket URL and the offered token. */
export const authCheckRequestUrl = (endpoint: URL, socketUrl: URL, token: string | undefined): URL => {
  const url = new URL(endpoint)
  for (const [name, value] of socketUrl.searchParams) url.searchParams.set(name, value)
  if (token !== undefined) url.searchParams.set('token', token)
  return url
}

const httpUrlOf = (socketUrl: URL): string => socketUrl.href.replace(/^ws/, 'http')

/** Tells whether `fetch` failed because the network failed or no answer came in time. */
const isNetworkFailure = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')

/** Returns the message of the service's error frame, or undefined for any other body. */
const messageOf = (body: string, code: string): string | undefined => {
  const frame = parseJson(body)
  if (typeof frame !== 'object' || frame === null) return undefined
  if (!('type' in frame && frame.type === 'error' && 'code' in frame && frame.code === code)) return undefined
  return 'message' in frame && typeof frame.message === 'string' ? frame.message : undefined
}
