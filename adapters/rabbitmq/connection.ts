import type { ConfirmChannel } from 'amqplib'
import type { Clock, Telemetry } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { openSession, type Session } from './session.ts'

type Options = {
  /** amqp: or amqps:, with user and password; asked for anew for each connection where they may change. */
  readonly url: string | (() => Promise<string>)
  readonly telemetry: Telemetry
  readonly clock?: Clock
  /**
   * After two of these without a byte either side gives the other up. Default: 60, for a Lambda, which is frozen
   * between invocations. A consumer that must notice a dead broker sooner takes less.
   */
  readonly heartbeatSeconds?: number
  /** Until the connection is open. Default: 2,000. */
  readonly connectTimeoutMs?: number
  /** Until the broker confirms a message. Default: 2,000. */
  readonly confirmTimeoutMs?: number
  /** Runs on every new connection before it is used, for 10 s at most: where the topology may be declared. */
  readonly prepare?: (channel: ConfirmChannel) => Promise<void>
}

export type BrokerConnection = {
  /** The live session; opens one if there is none. Cheap when there is. @throws ChatError `unavailable` */
  readonly open: () => Promise<Session>
  /** Ends it for good; `open` is refused from then on. */
  readonly close: () => Promise<void>
}

/**
 * One lazy connection to the broker, shared by all who are given it. It is thrown away as soon as it, or its
 * channel, has failed, and the next `open` makes a fresh one.
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
    if (closing !== undefined) throw new ChatError('unavailable', 'The service is going away. Try again.')
    sleep.notice()
    if (current) return current
    opening ??= connect().finally(() => {
      opening = undefined
    })
    try {
      return await opening
    } catch (cause) {
      // Whatever the library or the socket says here, it says that there is no connection.
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
 * A frozen process wakes to a connection that the broker has given up, on which a publish never settles. Timers
 * stand still while it is frozen: a gap between two looks at the clock tells it. A look is taken on every use as
 * well, because that may come before the overdue timer.
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
