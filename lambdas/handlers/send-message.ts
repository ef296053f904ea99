import type { makeSendMessage } from '../../core/use-cases/send-message.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import type { MessageHandler } from '../aws/events.ts'
import { type ReplyDeps, replyTo } from '../aws/reply.ts'

type Deps = ReplyDeps & { readonly sendMessage: ReturnType<typeof makeSendMessage> }

/** Handles the sendMessage route. */
export const makeSendMessageHandler =
  ({ sendMessage, ...deps }: Deps): MessageHandler =>
  (event) =>
    replyTo(event, deps, async (caller, frame) => {
      if (frame.action !== 'sendMessage')
        throw new ChatError('unknown_action', `${frame.action} is not handled here.`)
      return sendMessage(caller, frame)
    })
