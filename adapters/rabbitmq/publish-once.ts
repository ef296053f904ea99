import type { ConfirmChannel } from 'amqplib'

/** A message to publish. */
export type Outgoing = {
  readonly exchange: string
  readonly routingKey: string
  readonly body: string
  readonly messageId: string
  readonly headers?: Readonly<Record<string, unknown>>
  /** Expiry in ms. Default: none; the queue keeps the message. */
  readonly expirationMs?: number
}

/**
 * Outcome of a publish:
 *
 * - `confirmed`: stored in at least one queue
 * - `unroutable`: no queue exists for it; RabbitMQ returns such a message and then confirms it as well
 * - `refused`: the broker could not store it
 * - `lost`: the channel was closed before the answer
 * - `timed out`: no answer; the state of the connection is unknown
 */
export type Confirmation = 'confirmed' | 'unroutable' | 'refused' | 'lost' | 'timed out'

/** Creates a function that publishes persistently, once, and returns the outcome as a value. It never throws. */
export const makePublishOnce = (channel: ConfirmChannel, timeoutMs: number) => {
  const returned = new Set<unknown>()
  let closed = false
  // Runs before the channel's own listener, which fails unconfirmed messages: otherwise a loss would look like a refusal.
  channel.prependListener('close', () => {
    closed = true
  })
  channel.on('return', ({ properties }) => returned.add(properties.messageId))

  return ({
    exchange,
    routingKey,
    body,
    messageId,
    headers,
    expirationMs,
  }: Outgoing): Promise<Confirmation> =>
    new Promise((resolve) => {
      if (closed) return resolve('lost')
      const timer = setTimeout(resolve, timeoutMs, 'timed out' satisfies Confirmation)
      const answered = (error: unknown) => {
        clearTimeout(timer)
        const unroutable = returned.delete(messageId)
        if (!error) resolve(unroutable ? 'unroutable' : 'confirmed')
        else resolve(closed ? 'lost' : 'refused')
      }
      const content = Buffer.from(body)
      const properties = {
        mandatory: true,
        persistent: true,
        contentType: 'application/json',
        messageId,
        headers,
        ...(expirationMs !== undefined && { expiration: expirationMs }),
      }
      channel.publish(exchange, routingKey, content, properties, answered)
    })
}
