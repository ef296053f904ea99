import { errorCodes } from '../core/protocol/codes.ts'
import { ChatClientError } from './chat-client-error.ts'

type Options = {
  readonly fetch: typeof globalThis.fetch
  readonly url: URL
  readonly timeoutMs: number
}

/** Codes for which a connection is refused. */
const refusals = ['bad_request', 'unauthorized', 'forbidden', 'rate_limited'] as const

/**
 * Why a connection was refused, which a browser cannot see on the upgrade itself. Undefined where the server would
 * take it, or cannot be reached either: then the network is at fault, and trying again is right.
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
    const message =
      messageIn(await response.text()) ?? `The server refused the connection: ${response.status}.`
    return new ChatClientError(code, message, {
      status: response.status,
      temporary: errorCodes[code].temporary,
    })
  } catch (error) {
    if (isNetworkFailure(error)) return undefined
    throw error
  }
}

/** Where to ask: the WebSocket's own address and query over HTTP, with the token that was offered. */
export const authCheckUrl = (
  socketUrl: URL,
  token: string | undefined,
  override: string | undefined,
): URL => {
  const url = new URL(override ?? '/auth-check', httpUrlOf(socketUrl))
  for (const [name, value] of socketUrl.searchParams) url.searchParams.set(name, value)
  if (token !== undefined) url.searchParams.set('token', token)
  return url
}

const httpUrlOf = (socketUrl: URL): string => socketUrl.href.replace(/^ws/, 'http')

/** What `fetch` throws when there is no network, or no answer in time. */
const isNetworkFailure = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')

const messageIn = (body: string): string | undefined => {
  try {
    const json: unknown = JSON.parse(body)
    if (typeof json !== 'object' || json === null || !('message' in json)) return undefined
    return typeof json.message === 'string' ? json.message : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
