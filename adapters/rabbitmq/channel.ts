import type { Channel } from 'amqplib'
import type { Session } from './session.ts'

/** Opens a channel. A refusal by the broker ends it; the refused operation reports the reason. */
export const openChannel = async (session: Session): Promise<Channel> => {
  const channel = await session.connection.createChannel()
  channel.on('error', () => undefined)
  return channel
}

/** AMQP reply code of a missing queue or exchange. */
export const notFound = 404
/** AMQP reply code of a queue that another connection holds exclusively. */
export const resourceLocked = 405

/** Returns the broker's reply code in an error of the library, if it has one. */
export const replyCodeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
