// What the package `simple-chat-client` offers.

export { ChatClientError, type ChatClientErrorCode } from './api/errors.ts'
export type { Timers } from './api/timing.ts'
export { defaultTimings, type Timings } from './api/timing.ts'
export type {
  ChatClientEvents,
  ChatMessage,
  ConnectionState,
  Cursor,
  Disconnection,
  RoomPage,
  RoomReset,
  Sent,
  UnsentMessage,
} from './api/types.ts'
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
