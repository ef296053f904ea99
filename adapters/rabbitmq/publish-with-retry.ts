import type { IdSource, Telemetry } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import type { BrokerConnection } from './connection.ts'
import type { Confirmation, Outgoing } from './publish-once.ts'

type Deps = {
  readonly connection: BrokerConnection
  readonly newId: IdSource
  readonly telemetry: Telemetry
}

type Message = Omit<Outgoing, 'messageId'> & {
  /** Id of the message. Default, and for null: a new one. */
  readonly messageId?: string | null
}

/** Resolves once the broker has stored the message in a queue. @throws ChatError `unavailable`: it may be stored */
export type PublishWithRetry = (message: Message) => Promise<void>

/** Creates a publish with one retry, on a fresh connection, after a lost one. */
export const makePublishWithRetry = ({ connection, newId, telemetry }: Deps): PublishWithRetry => {
  const attempt = async (message: Outgoing): Promise<Confirmation> => {
    const session = await connection.open()
    const outcome = await session.publish(message)
    if (outcome !== 'timed out') return outcome
    if (session.isBlocked()) return 'refused'
    session.drop('a message was not confirmed in time')
    return 'lost'
  }

  return async ({ messageId, ...message }) => {
    // Both attempts have the same id, because both may have reached the lane.
    const identified = { ...message, messageId: messageId ?? newId() }
    let outcome = await attempt(identified)
    if (outcome === 'lost') {
      telemetry.count('broker.publishRetried')
      outcome = await attempt(identified)
    }
    if (outcome === 'confirmed') return
    telemetry.count('broker.publishFailed')
    const cause = new Error(`A message to ${message.exchange} with key ${message.routingKey} was ${outcome}`)
    throw new ChatError('unavailable', 'The message could not be published. Try again.', { cause })
  }
}
