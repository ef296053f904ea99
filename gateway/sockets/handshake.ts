import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Clock } from '../../core/ports.ts'
import type { Arrival } from './events.ts'
import { newId } from './events.ts'
import { type Refusal, refusal } from './refusal.ts'

/** Origins from which a browser may connect; `same-host`: those of the pages that this host itself serves, by address. */
export type AllowedOrigins = readonly string[] | 'same-host' | null

/**
 * Whether an upgrade request is one, by RFC 6455; looked at before anybody is invoked, because the WebSocket
 * library looks when $connect has already returned.
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

/** The subprotocols that a client offers, in its order. */
export const offeredProtocols = ({ headers }: IncomingMessage): readonly string[] =>
  headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? []

/**
 * Against cross-site WebSocket hijacking: a browser names the page's origin, and sends along what the user has
 * for this host. Other clients name none, and may connect. `same-host` believes the Host header, so it takes
 * addresses and `localhost` only: any other name may be somebody else's, rebound to this host.
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

export const originRefusal = 'Pages of this origin may not connect: see ALLOWED_ORIGINS.'

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

/** As the client wrote the names, which is how API Gateway hands them on: functions must not mind the case. */
const multiValueHeaders = ({ rawHeaders }: IncomingMessage): Record<string, string[]> => {
  const headers: Record<string, string[]> = Object.create(null)
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    headers[name] = [...(headers[name] ?? []), value]
  }
  return headers
}

/** A token of RFC 7230, which is what a subprotocol's name is. */
const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
