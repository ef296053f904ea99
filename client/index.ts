// Public API of the package `simple-chat-client`.

export { ChatClientError, type ChatClientErrorCode } from './api/errors.ts'
export { defaultTimings, type Timers, type Timings } from './api/timing.ts'
export type {
  ChatClientEvents,
  ChatClientOptions,
  ChatMessage,
  ConnectionState,
  Cursor,
  Disconnection,
  HistoryQuery,
  RoomPage,
  RoomReset,
  SendOptions,
  Sent,
  SocketConstructor,
  SocketLike,
  UnsentMessage,
  Welcome,
} from './api/types.ts'
export { type ChatClient, makeChatClient } from './chat-client.ts'
export { makeMessageId } from './primitives/message-id.ts'
