import { ChatError } from '../../protocol/chat-error.ts'
import type { MessageHandler } from '../aws/events.ts'
import { type ReplyDeps, replyTo } from '../aws/reply.ts'

/** $default: what is not JSON, or names no action that there is, is told so. */
export const makeDefaultHandler =
  (deps: ReplyDeps): MessageHandler =>
  (event) =>
    // A frame that could be understood has a route of its own, and cannot come here.
    replyTo(event, deps, async (_, { action }) => {
      throw new ChatError('unknown_action', `${action} is not handled here.`)
    })
