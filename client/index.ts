// What the package `simple-chat-client` offers.
export {
  type ChatClient,
  type ChatClientOptions,
  type HistoryQuery,
  makeChatClient,
  type SendOptions,
  type Welcome,
} from './chat-client.ts'
export { ChatClientError, type ChatClientErrorCode } from './chat-client-error.ts'
export type { ChatClientEvents, ConnectionState, Disconnection } from './chat-client-events.ts'
export { makeMessageId } from './message-id.ts'
export type { ChatMessage, Cursor, RoomPage, RoomReset, Sent, UnsentMessage } from './messages.ts'
export type { SocketConstructor, SocketLike } from './socket.ts'
export type { Timers } from './timers.ts'
export { defaultTimings, type Timings } from './timings.ts'
