// What the package `simple-chat-client` offers.

export { ChatClientError, type ChatClientErrorCode } from './api/errors.ts'
export type { ChatClientEvents, ConnectionState, Disconnection } from './api/events.ts'
export type { ChatMessage, Cursor, RoomPage, RoomReset, Sent, UnsentMessage } from './api/messages.ts'
export type { Timers } from './api/timers.ts'
export { defaultTimings, type Timings } from './api/timings.ts'
export {
  type ChatClient,
  type ChatClientOptions,
  type HistoryQuery,
  makeChatClient,
  type SendOptions,
  type Welcome,
} from './chat-client.ts'
export type { SocketConstructor, SocketLike } from './connection/socket.ts'
export { makeMessageId } from './primitives/message-id.ts'
