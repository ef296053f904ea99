import type { Channel } from 'amqplib'
import type { Session } from './session.ts'

/** A refusal ends the channel that it came on, and is told by the operation that was refused. */
export const openChannel = async (session: Session): Promise<Channel> => {
  const channel = await session.connection.createChannel()
  channel.on('error', () => undefined)
  return channel
}

/** AMQP's reply codes. */
export const notFound = 404
export const resourceLocked = 405

/** The broker's reply code in what the library throws for a refusal. */
export const replyCodeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
