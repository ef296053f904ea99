import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Clock } from '../../core/ports.ts'
import type { Arrival } from './events.ts'
import { newId } from './events.ts'
import { type Refusal, refusal } from './refusal.ts'

/**
 * Origins from which a browser may connect. `same-host` allows pages that this host serves under an address or
 * `localhost`; null allows any origin.
 */
export type AllowedOrigins = readonly string[] | 'same-host' | null

/**
 * Checks an upgrade request by RFC 6455 before a function is invoked. The WebSocket library checks only after
 * $connect has returned.
 *
 * @returns the refusal, or undefined for a valid request
 */
export const checkHandshake = ({ method, headers }: IncomingMessage): Refusal | undefined => {
  if (method !== 'GET') return refusal(405, 'A WebSocket is opened with GET')
  if (headers.upgrade?.toLowerCase() !== 'websocket') return refusal(400, 'Upgrade must be websocket')
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) {
    return refusal(400, 'Sec-WebSocket-Key is missing or malformed')
  }
  if (headers['sec-websocket-version'] !== '13') return refusal(400, 'Sec-WebSocket-Version must be 13')
  const offered = headers['sec-websocket-protocol']
  const names = offered?.split(',').map((name) => name.trim()) ?? []
  if (!names.every((name) => tokenPattern.test(name)) || new Set(names).size < names.length) {
    return refusal(400, 'Sec-WebSocket-Protocol must be a list of distinct names')
  }
  return undefined
}

/** Lists the subprotocols that a client offers, in its order. */
export const offeredProtocols = ({ headers }: IncomingMessage): readonly string[] =>
  headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? []

/**
 * Prevents cross-site WebSocket hijacking: a browser sends the user's cookies for this host together with the
 * origin of the page. Clients without an Origin header may connect. The value `same-host` relies on the Host header, so it
 * accepts addresses and `localhost` only. Another name may have been rebound to this host (DNS rebinding).
 */
export const originAllowed = (allowed: AllowedOrigins, { headers }: IncomingMessage): boolean => {
  const { origin, host } = headers
  if (allowed === null || origin === undefined) return true
  if (allowed !== 'same-host') return allowed.includes(origin)
  if (!URL.canParse(origin)) return false
  const { host: originHost, hostname } = new URL(origin)
  return originHost === host && isAddress(hostname)
}

const isAddress = (hostname: string): boolean =>
  hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0

/** Message of a refused origin, for the client and for the log. */
export const originRefusal = 'Pages of this origin may not connect. Add the origin to ALLOWED_ORIGINS.'

/** Describes an upgrade request as the event builder needs it, with a new connection id. */
export const arrivalOf = (request: IncomingMessage, clock: Clock): Arrival => {
  const { url = '/', headers, socket } = request
  return {
    connectionId: newId(),
    connectedAtMs: clock(),
    identity: { sourceIp: socket.remoteAddress ?? '', userAgent: headers['user-agent'] ?? '' },
    multiValueHeaders: multiValueHeaders(request),
    query: new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : ''),
  }
}

/** Collects headers with names as the client wrote them, as API Gateway does. Functions must ignore the case. */
const multiValueHeaders = ({ rawHeaders }: IncomingMessage): Record<string, string[]> => {
  const headers: Record<string, string[]> = Object.create(null)
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    headers[name] = [...(headers[name] ?? []), value]
  }
  return headers
}

/** Pattern of a subprotocol's name: a token of RFC 7230. */
const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
