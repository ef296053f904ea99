import type { makeGetHistory } from '../../core/use-cases/get-history.ts'
import type { makeHello } from '../../core/use-cases/hello.ts'
import type { makeJoinRoom } from '../../core/use-cases/join-room.ts'
import type { makeLeaveRoom } from '../../core/use-cases/leave-room.ts'
import type { makePing } from '../../core/use-cases/ping.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import type { MessageHandler } from '../aws/events.ts'
import { type ReplyDeps, replyTo } from '../aws/reply.ts'

type Deps = ReplyDeps & {
  readonly joinRoom: ReturnType<typeof makeJoinRoom>
  readonly leaveRoom: ReturnType<typeof makeLeaveRoom>
  readonly getHistory: ReturnType<typeof makeGetHistory>
  readonly hello: ReturnType<typeof makeHello>
  readonly ping: ReturnType<typeof makePing>
}

/** Handles the routes that do not write to a room's log. */
export const makeRoomActionsHandler =
  ({ joinRoom, leaveRoom, getHistory, hello, ping, ...deps }: Deps): MessageHandler =>
  (event) =>
    replyTo(event, deps, async (caller, frame) => {
      switch (frame.action) {
        case 'joinRoom':
          return joinRoom(caller, frame)
        case 'leaveRoom':
          return leaveRoom(caller, frame)
        case 'getHistory':
          return getHistory(caller, frame)
        case 'hello':
          return hello(caller, frame)
        case 'ping':
          return ping(caller, frame)
        default:
          throw new ChatError('unknown_action', `${frame.action} is not handled here.`)
      }
    })
