import type { IdSource, Telemetry } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import type { Confirmation, Outgoing } from './confirmed-publish.ts'
import type { BrokerConnection } from './connection.ts'

type Deps = {
  readonly connection: BrokerConnection
  readonly newId: IdSource
  readonly telemetry: Telemetry
}

type Message = Omit<Outgoing, 'messageId'> & {
  /** Default, and for null: a new one. */
  readonly messageId?: string | null
}

/** Resolves once the broker has stored the message in a queue. @throws ChatError `unavailable`: it may or may not be there */
export type SurePublish = (message: Message) => Promise<void>

/** Tries a second time, on a fresh connection, when the first was lost. */
export const makeSurePublish = ({ connection, newId, telemetry }: Deps): SurePublish => {
  const attempt = async (message: Outgoing): Promise<Confirmation> => {
    const session = await connection.open()
    const outcome = await session.publish(message)
    if (outcome !== 'timed out') return outcome
    if (session.isBlocked()) return 'refused'
    session.drop('a message was not confirmed in time')
    return 'lost'
  }

  return async ({ messageId, ...message }) => {
    // The same id in both attempts: both may have reached the lane.
    const identified = { ...message, messageId: messageId ?? newId() }
    let outcome = await attempt(identified)
    if (outcome === 'lost') {
      telemetry.count('broker.publishRetried')
      outcome = await attempt(identified)
    }
    if (outcome === 'confirmed') return
    telemetry.count('broker.publishFailed')
    const cause = new Error(`A message to ${message.exchange} with key ${message.routingKey} was ${outcome}`)
    throw new ChatError('unavailable', 'The message could not be passed on. Try again.', { cause })
  }
}
