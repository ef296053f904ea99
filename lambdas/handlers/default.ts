import { ChatError } from '../../protocol/chat-error.ts'
import type { MessageHandler } from '../aws/events.ts'
import { type ReplyDeps, replyTo } from '../aws/reply.ts'

/** Handles $default: answers frames that are not JSON or name an unknown action. */
export const makeDefaultHandler =
  (deps: ReplyDeps): MessageHandler =>
  (event) =>
    // A valid frame has a route of its own and never comes here.
    replyTo(event, deps, async (_, { action }) => {
      throw new ChatError('unknown_action', `${action} is not handled here.`)
    })
