import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { untilAborted } from '../../core/primitives/timing.ts'
import { type Confirmation, makePublishOnce, type Outgoing } from './publish-once.ts'

type Options = {
  readonly url: string
  readonly heartbeatSeconds: number
  readonly connectTimeoutMs: number
  readonly confirmTimeoutMs: number
  readonly prepare?: ((channel: ConfirmChannel) => Promise<void>) | undefined
}

/**
 * One connection to the broker, from its opening to its loss. The loss is an AbortSignal, `lost`. Code that waits on the
 * connection combines it with its own signals (`AbortSignal.any`). Its reason says why the connection ended.
 */
export type Session = {
  readonly connection: ChannelModel
  readonly publish: (message: Outgoing) => Promise<Confirmation>
  /** Tells whether the broker has stopped accepting messages, because it is short of memory or disk. */
  readonly isBlocked: () => boolean
  /** Signal that is aborted, with the reason, once the session is unusable. */
  readonly lost: AbortSignal
  /** Drops the socket without notice to the broker. */
  readonly drop: (reason: string) => void
  /** Closes the connection properly, or drops the socket if there is no answer. */
  readonly close: () => Promise<void>
}

/** Time limit of the preparation, in ms: new quorum queues take tens of ms each, more on a cluster (our choice). */
const prepareTimeoutMs = 10_000

/** Connects and resolves once messages can be published. @throws the error of the library or the socket */
export const openSession = async (options: Options): Promise<Session> => {
  const { url, heartbeatSeconds, connectTimeoutMs, confirmTimeoutMs, prepare } = options
  const ending = new AbortController()
  const { signal: lost } = ending
  let blocked = false

  const drop = (reason: string) => {
    if (!lost.aborted) ending.abort(new Error(`The connection to the broker was dropped: ${reason}`))
  }
  const dropAfter = (ms: number) => setTimeout(() => drop(`no answer within ${ms} ms`), ms)
  // The library's own timeout restarts with every byte and ends with the handshake.
  let timer = dropAfter(connectTimeoutMs)
  try {
    const connection = await connect(withHeartbeat(url, heartbeatSeconds), socketOptions(lost))
    connection.on('error', (error) => drop(error.message))
    connection.on('close', (error) => drop(error?.message ?? 'closed'))
    connection.on('blocked', () => {
      blocked = true
    })
    connection.on('unblocked', () => {
      blocked = false
    })
    const channel = await connection.createConfirmChannel()
    channel.on('error', (error) => drop(error.message))
    channel.on('close', () => drop('channel closed'))
    clearTimeout(timer)
    timer = dropAfter(prepareTimeoutMs)
    await prepare?.(channel)
    const close = async () => {
      if (lost.aborted) return
      const deadline = dropAfter(connectTimeoutMs)
      await Promise.race([connection.close(), untilAborted(lost)])
      clearTimeout(deadline)
      drop('closed')
    }
    const publish = makePublishOnce(channel, confirmTimeoutMs)
    return { connection, publish, isBlocked: () => blocked, lost, drop, close }
  } catch (error) {
    drop('it could not be opened')
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Opens the socket. Without noDelay, a publish would take 44 ms more. Aborting the signal destroys the socket. */
const socketOptions = (signal: AbortSignal) => ({ noDelay: true, signal })

const withHeartbeat = (url: string, seconds: number): string => {
  const address = new URL(url)
  address.searchParams.set('heartbeat', String(seconds))
  return address.href
}
