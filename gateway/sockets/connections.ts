import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../core/ports.ts'
import { type InHand, makeInHand } from '../lambda/in-flight.ts'
import type { Faults } from '../settings/faults.ts'
import type { GatewayLimits } from '../settings/limits.ts'
import type { GatewayConnection } from './connection.ts'
import { makeRateLimit } from './rate-limit.ts'

export type PostResult = 'sent' | 'gone' | 'throttled' | 'too-large'

/** The connections that this process holds, and the one way to post to them, whoever asks. */
export type Connections = {
  readonly add: (connection: GatewayConnection) => void
  /** It can't be found any more; its socket may still be closing. */
  readonly remove: (id: string) => void
  /** Open ones, and those whose $connect has not returned. */
  readonly find: (id: string) => GatewayConnection | undefined
  readonly all: () => Iterable<GatewayConnection>
  readonly size: () => number
  /** Sockets that are not gone yet, each until its 'close'. */
  readonly sockets: InHand
  /** Takes one from the account's rate of requests; false if there is none. */
  readonly admitRequest: () => boolean
  /**
   * Posts, by API Gateway's rules: 410 before $connect has returned and once the connection is being closed, 429
   * for the account's rate or a client that leaves too much unread. What is posted without a fault's latency is
   * handed to the socket before the call returns, so posts keep the order of the calls.
   */
  readonly post: (id: string, frame: string | Buffer) => Promise<PostResult>
  /** DeleteConnection: the client sees 1000. */
  readonly close: (id: string) => Promise<'sent' | 'gone'>
}

type Options = { readonly limits: GatewayLimits; readonly faults: Faults; readonly clock?: Clock }

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
    sockets: makeInHand(),
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

/** A frame for a thousand members is encoded once: whoever posts it passes the same string each time. */
const makeEncoder = () => {
  let last = { text: '', bytes: Buffer.alloc(0) }
  return (frame: string | Buffer): Buffer => {
    if (typeof frame !== 'string') return frame
    if (frame !== last.text) last = { text: frame, bytes: Buffer.from(frame) }
    return last.bytes
  }
}
