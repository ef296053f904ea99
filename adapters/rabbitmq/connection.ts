import type { ConfirmChannel } from 'amqplib'
import type { Clock, Telemetry } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { openSession, type Session } from './session.ts'

type Options = {
  /** URL with `amqp:` or `amqps:`, user and password. A function is called for each connection. */
  readonly url: string | (() => Promise<string>)
  readonly telemetry: Telemetry
  readonly clock?: Clock
  /**
   * Heartbeat in seconds: after two without a byte, either side drops the connection. Default: 60, because a Lambda is frozen
   * between invocations. A consumer uses less, to notice a dead broker sooner.
   */
  readonly heartbeatSeconds?: number
  /** Time limit of opening the connection, in ms. Default: 2,000. */
  readonly connectTimeoutMs?: number
  /** Time limit of a confirm, in ms. Default: 2,000. */
  readonly confirmTimeoutMs?: number
  /** Prepares every new connection before its use, such as by declaring the topology; at most 10 s. */
  readonly prepare?: (channel: ConfirmChannel) => Promise<void>
}

/** A connection to the broker that is restored on demand. */
export type BrokerConnection = {
  /** Returns the live session, opening one if necessary. @throws ChatError `unavailable` */
  readonly open: () => Promise<Session>
  /** Closes the connection permanently; later calls of `open` are refused. */
  readonly close: () => Promise<void>
}

/**
 * Creates a lazy, shared connection to the broker. It is discarded as soon as it or its channel has failed, and the next
 * `open` creates a fresh one.
 */
export const makeBrokerConnection = ({
  url,
  telemetry,
  clock = Date.now,
  heartbeatSeconds = 60,
  connectTimeoutMs = 2_000,
  confirmTimeoutMs = 2_000,
  prepare,
}: Options): BrokerConnection => {
  const sleep = watchSleep({ clock, longestMs: heartbeatSeconds * 1_000 })
  let current: Session | undefined
  let opening: Promise<Session> | undefined
  let closing: Promise<void> | undefined

  const connect = async (): Promise<Session> => {
    const address = typeof url === 'string' ? url : await url()
    const session = await openSession({
      url: address,
      heartbeatSeconds,
      connectTimeoutMs,
      confirmTimeoutMs,
      prepare,
    })
    const forget = () => {
      if (current === session) current = undefined
      if (closing !== undefined) return
      telemetry.warn('Lost the connection to the broker', { reason: String(session.lost.reason) })
      telemetry.count('broker.connectionLost')
    }
    if (session.lost.aborted) throw session.lost.reason
    session.lost.addEventListener('abort', forget, { once: true })
    current = session
    sleep.watch(session)
    telemetry.info('Connected to the broker', { host: new URL(address).host })
    return session
  }

  const open = async (): Promise<Session> => {
    if (closing !== undefined) throw new ChatError('unavailable', 'The service is shutting down. Try again.')
    sleep.notice()
    if (current) return current
    opening ??= connect().finally(() => {
      opening = undefined
    })
    try {
      return await opening
    } catch (cause) {
      // Any error of the library or the socket means that there is no connection.
      throw new ChatError('unavailable', 'The message broker is out of reach. Try again.', { cause })
    }
  }

  const closeNow = async () => {
    const [session] = await Promise.allSettled([current ?? opening])
    if (session?.status === 'fulfilled') await session.value?.close()
  }
  const close = () => {
    closing ??= closeNow()
    return closing
  }
  return { open, close }
}

/**
 * Detects that the process was frozen: it wakes with a connection that the broker has dropped, on which a publish never
 * settles. Timers stand still meanwhile, so a gap between two looks at the clock reveals it. Each use looks as well, because
 * it may come before the overdue timer.
 */
const watchSleep = ({ clock, longestMs }: { readonly clock: Clock; readonly longestMs: number }) => {
  let watched: Session | undefined
  let awakeAtMs = clock()

  const notice = () => {
    const sleptMs = clock() - awakeAtMs
    awakeAtMs += sleptMs
    if (sleptMs > longestMs) watched?.drop(`the process slept for ${sleptMs} ms`)
  }
  const watch = (session: Session) => {
    watched = session
    awakeAtMs = clock()
    const timer = setInterval(notice, longestMs / 4)
    timer.unref()
    session.lost.addEventListener('abort', () => clearInterval(timer), { once: true })
  }
  return { notice, watch }
}
