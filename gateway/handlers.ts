import type {
  AuthCheckHandler,
  AuthorizeHandler,
  ConnectHandler,
  DeliverHandler,
  DisconnectHandler,
  MessageHandler,
} from '../lambdas/events.ts'

/** The functions of the route table, as the gateway invokes them: one set is what one Lambda environment of each would be. */
export type Handlers = {
  readonly authorize: AuthorizeHandler
  readonly 'auth-check': AuthCheckHandler
  readonly connect: ConnectHandler
  readonly disconnect: DisconnectHandler
  readonly 'send-message': MessageHandler
  readonly 'room-actions': MessageHandler
  readonly default: MessageHandler
  readonly deliver: DeliverHandler
}
