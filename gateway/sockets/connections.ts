import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../core/ports.ts'
import { type InFlight, makeInFlight } from '../lambda/in-flight.ts'
import type { Faults } from '../settings/faults.ts'
import type { GatewayLimits } from '../settings/limits.ts'
import type { GatewayConnection } from './connection.ts'
import { makeRateLimit } from './rate-limit.ts'

/** Outcome of a post: the answers of the @connections API to POST. */
export type PostResult = 'sent' | 'gone' | 'throttled' | 'too-large'

/** The connections that this process holds. Every post to one of them goes through `post`. */
export type Connections = {
  /** Makes a connection visible to `find` and `post`. */
  readonly add: (connection: GatewayConnection) => void
  /** Hides a connection from `find` and `post`. Its socket may still be closing. */
  readonly remove: (id: string) => void
  /** Finds a connection that is open or whose $connect has not returned yet. */
  readonly find: (id: string) => GatewayConnection | undefined
  /** Lists the connections that `find` would find. */
  readonly all: () => Iterable<GatewayConnection>
  /** Number of connections in `all`. */
  readonly size: () => number
  /** Sockets that have not closed yet. Each counts until its 'close' event. */
  readonly sockets: InFlight
  /** Takes one request from the account's rate limit; false if none is left. */
  readonly admitRequest: () => boolean
  /**
   * Posts by API Gateway's rules: 410 (`gone`) before $connect has returned and once closing has begun. The answer is
   * 429 (`throttled`) for the account's rate or a slow consumer. Without an injected latency, the frame reaches the
   * socket before the call returns, so posts keep the order of the calls.
   */
  readonly post: (id: string, frame: string | Buffer) => Promise<PostResult>
  /** Closes a connection as DeleteConnection does: the client sees code 1000. */
  readonly close: (id: string) => Promise<'sent' | 'gone'>
}

type Options = { readonly limits: GatewayLimits; readonly faults: Faults; readonly clock?: Clock }

/** Creates the table of connections of one gateway. */
export const makeConnections = ({ limits, faults, clock = Date.now }: Options): Connections => {
  const byId = new Map<string, GatewayConnection>()
  const bytesOf = makeEncoder()
  const admitRequest = makeRateLimit({
    perSecond: limits.requestsPerSecond,
    burst: limits.requestBurst,
    clock,
  })

  return {
    add: (connection) => {
      byId.set(connection.id, connection)
    },
    remove: (id) => {
      byId.delete(id)
    },
    find: (id) => byId.get(id),
    all: () => byId.values(),
    size: () => byId.size,
    sockets: makeInFlight(),
    admitRequest,
    post: async (id, frame) => {
      const { postLatencyMs } = faults.current()
      if (postLatencyMs > 0) await delay(postLatencyMs)
      const bytes = bytesOf(frame)
      if (bytes.byteLength > limits.postBytes) return 'too-large'
      if (!admitRequest() || faults.happens('throttledPosts')) return 'throttled'
      if (faults.happens('gonePosts')) return 'gone'
      const outcome = byId.get(id)?.send(bytes) ?? 'gone'
      return outcome === 'full' ? 'throttled' : outcome
    },
    close: async (id) => {
      const connection = byId.get(id)
      if (!connection?.isOpen()) return 'gone'
      connection.close({ code: 1000, reason: 'Connection Closed Normally' })
      return 'sent'
    },
  }
}

/** Encodes a frame for a thousand members once, because delivery passes the same string for each of them. */
const makeEncoder = () => {
  let last = { text: '', bytes: Buffer.alloc(0) }
  return (frame: string | Buffer): Buffer => {
    if (typeof frame !== 'string') return frame
    if (frame !== last.text) last = { text: frame, bytes: Buffer.from(frame) }
    return last.bytes
  }
}
