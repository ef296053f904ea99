import type { ConfirmChannel } from 'amqplib'

export type Outgoing = {
  readonly exchange: string
  readonly routingKey: string
  readonly body: string
  readonly messageId: string
  readonly headers?: Readonly<Record<string, unknown>>
  /** Default: for as long as its queue keeps it. */
  readonly expirationMs?: number
}

/**
 * - `confirmed`: stored in at least one queue
 * - `unroutable`: the broker has no queue for it; RabbitMQ confirms such a message too, after it has returned it
 * - `refused`: the broker could not store it
 * - `lost`: the channel was closed before the answer
 * - `timed out`: no answer; nothing can be said about the connection
 */
export type Confirmation = 'confirmed' | 'unroutable' | 'refused' | 'lost' | 'timed out'

/** Publishes persistently on this channel. What becomes of it is a value; nothing is thrown. */
export const makeConfirmedPublish = (channel: ConfirmChannel, timeoutMs: number) => {
  const returned = new Set<unknown>()
  let closed = false
  // In front of the channel's own listener, which fails what is unconfirmed: else a loss would look like a refusal.
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
