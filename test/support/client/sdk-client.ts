import { onTestFinished } from 'vitest'
import type { ChatMessage } from '../../../client/api/types.ts'
import { type ChatClient, makeChatClient } from '../../../client/chat-client.ts'

/** An SDK client in a room, with the messages that it handed over; it is closed when the test ends. */
export const sdkClient = async (url: string, userId: string, roomId: string) => {
  const client: ChatClient = makeChatClient({ url: url.replace(/^http/, 'ws'), userId })
  const messages: ChatMessage[] = []
  client.on('message', ({ message }) => messages.push(message))
  onTestFinished(() => client.close())
  await client.connect()
  await client.joinRoom(roomId)
  return { client, messages }
}
