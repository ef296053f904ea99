import * as v from 'valibot'
import { closeCodes, type ErrorCode, errorCodes } from './codes.ts'

/**
 * A frame from the server. The service builds frames by these types. The schemas serve tests, and clients that validate
 * frames. Clients ignore keys and types that they do not know.
 */
export type ServerFrame = v.InferOutput<typeof ServerFrameSchema>
export type AckFrame = v.InferOutput<typeof AckSchema>
export type JoinedFrame = v.InferOutput<typeof JoinedSchema>
export type LeftFrame = v.InferOutput<typeof LeftSchema>
export type HistoryFrame = v.InferOutput<typeof HistorySchema>
export type HelloFrame = v.InferOutput<typeof HelloSchema>
export type PongFrame = v.InferOutput<typeof PongSchema>
export type ErrorFrame = v.InferOutput<typeof ErrorSchema>
export type MessagesFrame = v.InferOutput<typeof MessagesSchema>
export type DisconnectFrame = v.InferOutput<typeof DisconnectSchema>
/** A frame that answers a request and repeats its id. */
export type ReplyFrame =
  | AckFrame
  | JoinedFrame
  | LeftFrame
  | HistoryFrame
  | HelloFrame
  | PongFrame
  | ErrorFrame
/** A message on the wire. `seq` is its place in the room, contiguous from 1 within an epoch. */
export type ChatMessage = v.InferOutput<typeof MessageSchema>
/** Cursor of a room's last message; null and 0 while it has none. */
export type Head = v.InferOutput<typeof HeadSchema>

const id = v.exactOptional(v.string())
const seq = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const epoch = v.nullable(v.string())
const isoTime = v.pipe(v.string(), v.isoTimestamp())
const HeadSchema = v.object({ epoch, seq })
const HeadsSchema = v.record(v.string(), v.nullable(HeadSchema))

export const MessageSchema = v.object({
  seq: v.pipe(seq, v.minValue(1)),
  kind: v.literal('text'),
  messageId: v.string(),
  clientMessageId: v.exactOptional(v.string()),
  sender: v.object({ userId: v.string(), name: v.exactOptional(v.string()) }),
  content: v.string(),
  attributes: v.exactOptional(v.record(v.string(), v.string())),
  sentAt: isoTime,
})

export const AckSchema = v.object({
  type: v.literal('ack'),
  id,
  roomId: v.string(),
  epoch: v.string(),
  seq: v.pipe(seq, v.minValue(1)),
  messageId: v.string(),
  sentAt: isoTime,
  duplicate: v.exactOptional(v.literal(true)),
})
export const JoinedSchema = v.object({
  type: v.literal('joined'),
  id,
  roomId: v.string(),
  epoch,
  seq,
  floor: seq,
  messages: v.array(MessageSchema),
  recovered: v.boolean(),
  more: v.boolean(),
})
export const LeftSchema = v.object({ type: v.literal('left'), id, roomId: v.string() })
export const HistorySchema = v.object({
  type: v.literal('history'),
  id,
  roomId: v.string(),
  epoch,
  floor: seq,
  messages: v.array(MessageSchema),
  more: v.boolean(),
})
export const HelloSchema = v.object({
  type: v.literal('hello'),
  id,
  connectionId: v.string(),
  userId: v.string(),
  roles: v.array(v.string()),
  heads: HeadsSchema,
  limits: v.record(v.string(), v.number()),
  maxAgeSeconds: v.nullable(v.number()),
})
export const PongSchema = v.object({ type: v.literal('pong'), id, heads: HeadsSchema })
export const ErrorSchema = v.object({
  type: v.literal('error'),
  id,
  code: v.picklist(Object.keys(errorCodes) as ErrorCode[]),
  status: v.number(),
  message: v.string(),
  temporary: v.boolean(),
  retryAfterMs: v.exactOptional(v.number()),
})
export const MessagesSchema = v.object({
  type: v.literal('messages'),
  roomId: v.string(),
  epoch: v.string(),
  messages: v.array(MessageSchema),
})
export const DisconnectSchema = v.object({
  type: v.literal('disconnect'),
  code: v.picklist(Object.values(closeCodes)),
  reason: v.string(),
  reconnect: v.boolean(),
})

export const ServerFrameSchema = v.variant('type', [
  AckSchema,
  JoinedSchema,
  LeftSchema,
  HistorySchema,
  HelloSchema,
  PongSchema,
  ErrorSchema,
  MessagesSchema,
  DisconnectSchema,
])
