import { setTimeout as wait } from 'node:timers/promises'
import { passThroughModerator } from '../../adapters/system/pass-through-moderator.ts'
import type {
  Clock,
  FramePoster,
  IdSource,
  MessageLog,
  RoomDirectory,
  RoomPublisher,
  Telemetry,
} from '../../core/ports.ts'
import { makeCheckAccess } from '../../core/use-cases/check-access.ts'
import { makeConnect } from '../../core/use-cases/connect.ts'
import { makeDeliver } from '../../core/use-cases/deliver.ts'
import { makeDisconnect } from '../../core/use-cases/disconnect.ts'
import { makeGetHistory } from '../../core/use-cases/get-history.ts'
import { makeHello } from '../../core/use-cases/hello.ts'
import { makeJoinRoom } from '../../core/use-cases/join-room.ts'
import { makeLeaveRoom } from '../../core/use-cases/leave-room.ts'
import { makePing } from '../../core/use-cases/ping.ts'
import { makeSendMessage } from '../../core/use-cases/send-message.ts'
import type { Authenticate } from '../../lambdas/aws/authenticate.ts'
import type {
  AuthCheckHandler,
  AuthorizeHandler,
  ConnectHandler,
  DeliverHandler,
  DisconnectHandler,
  MessageHandler,
} from '../../lambdas/aws/events.ts'
import type { ManagementEndpoint } from '../../lambdas/aws/reply.ts'
import { makeAuthCheckHandler } from '../../lambdas/handlers/auth-check.ts'
import { makeAuthorizeHandler } from '../../lambdas/handlers/authorize.ts'
import { makeConnectHandler } from '../../lambdas/handlers/connect.ts'
import { makeDefaultHandler } from '../../lambdas/handlers/default.ts'
import { makeDeliverHandler } from '../../lambdas/handlers/deliver.ts'
import { makeDisconnectHandler } from '../../lambdas/handlers/disconnect.ts'
import { makeRoomActionsHandler } from '../../lambdas/handlers/room-actions.ts'
import { makeSendMessageHandler } from '../../lambdas/handlers/send-message.ts'
import type { Limits } from '../../protocol/limits.ts'

/** One set of the functions in the route table. It corresponds to one Lambda environment of each function. */
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

/** Picks the set for one invocation, as Lambda picks an environment. */
export type PickHandlers = () => Handlers

/** Distributes invocations over several sets in turn, so that tests notice state shared between environments. */
export const takeTurns = (sets: readonly [Handlers, ...Handlers[]]): PickHandlers => {
  let turn = 0
  return () => sets[turn++ % sets.length] ?? sets[0]
}

/** Dependencies of one set of handlers. */
export type HandlerDeps = {
  readonly log: MessageLog
  readonly directory: RoomDirectory
  readonly publisher: RoomPublisher
  readonly poster: FramePoster
  readonly authenticate: Authenticate
  readonly managementEndpoint: ManagementEndpoint
  readonly clock: Clock
  readonly newId: IdSource
  readonly telemetry: Telemetry
  readonly limits: Limits
  /** Member count above which a room is delivered in parts over the bulk lanes; null disables splitting. */
  readonly largeRoomMembers: number | null
  /** Maximum age of a connection in seconds, as reported by `hello`; null if unlimited. */
  readonly maxAgeSeconds: number | null
}

/** Wires all functions of the route table, as each Lambda entry does for its own function. */
export const makeHandlers = (deps: HandlerDeps): Handlers => ({
  authorize: makeAuthorizeHandler(deps),
  'auth-check': makeAuthCheckHandler({ ...deps, checkAccess: makeCheckAccess(deps) }),
  connect: makeConnectHandler({ ...deps, connect: makeConnect(deps) }),
  disconnect: makeDisconnectHandler({ ...deps, disconnect: makeDisconnect(deps) }),
  'send-message': makeSendMessageHandler({
    ...deps,
    sendMessage: makeSendMessage({ ...deps, moderate: passThroughModerator }),
  }),
  'room-actions': makeRoomActionsHandler({
    ...deps,
    joinRoom: makeJoinRoom(deps),
    leaveRoom: makeLeaveRoom(deps),
    getHistory: makeGetHistory(deps),
    hello: makeHello(deps),
    ping: makePing(deps),
  }),
  default: makeDefaultHandler(deps),
  deliver: makeDeliverHandler({ ...deps, deliver: makeDeliver({ ...deps, wait: (ms) => wait(ms) }) }),
})
