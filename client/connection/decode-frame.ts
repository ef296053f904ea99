import { parseJson } from '../../protocol/parse-json.ts'
import type {
  AckFrame,
  ErrorFrame,
  HelloFrame,
  HistoryFrame,
  JoinedFrame,
  LeftFrame,
  PongFrame,
  ReplyFrame,
  ServerFrame,
} from '../../protocol/server-frames.ts'

/**
 * Result of decoding:
 *
 * - `frame`: a frame of the server
 * - `failure`: API Gateway's own message after a handler threw; it has no id
 * - `unknown`: a frame that this version does not understand and ignores
 */
export type Decoded =
  | { readonly kind: 'frame'; readonly frame: ServerFrame }
  | { readonly kind: 'failure'; readonly message: string }
  | { readonly kind: 'unknown' }

/**
 * Decodes one text frame. It checks only the fields that the client's own work depends on: the full schemas would add
 * a validation library to every page.
 */
export const decodeFrame = (text: string): Decoded => {
  const json = parseJson(text)
  if (isServerFrame(json)) return { kind: 'frame', frame: json }
  if (isObject(json) && json.type === undefined && typeof json.message === 'string') {
    return { kind: 'failure', message: json.message }
  }
  return { kind: 'unknown' }
}

export const isAck = (frame: ReplyFrame): frame is AckFrame => frame.type === 'ack'
export const isJoined = (frame: ReplyFrame): frame is JoinedFrame => frame.type === 'joined'
export const isLeft = (frame: ReplyFrame): frame is LeftFrame => frame.type === 'left'
export const isHistory = (frame: ReplyFrame): frame is HistoryFrame => frame.type === 'history'
export const isHello = (frame: ReplyFrame): frame is HelloFrame => frame.type === 'hello'
export const isPong = (frame: ReplyFrame): frame is PongFrame => frame.type === 'pong'
export const isErrorReply = (frame: ReplyFrame): frame is ErrorFrame => frame.type === 'error'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isSeq = (value: unknown) => Number.isSafeInteger(value)
const isText = (value: unknown) => typeof value === 'string'
const isEpoch = (value: unknown) => value === null || isText(value)
const areMessages = (value: unknown) =>
  Array.isArray(value) && value.every((message) => isObject(message) && isSeq(message.seq))

const shapes: { readonly [type in ServerFrame['type']]: (frame: Fields) => boolean } = {
  ack: ({ epoch, seq, roomId }) => isText(epoch) && isSeq(seq) && isText(roomId),
  joined: ({ epoch, seq, messages }) => isEpoch(epoch) && isSeq(seq) && areMessages(messages),
  left: ({ roomId }) => isText(roomId),
  history: ({ epoch, floor, messages }) => isEpoch(epoch) && isSeq(floor) && areMessages(messages),
  hello: ({ userId, limits }) => isText(userId) && isObject(limits),
  pong: ({ heads }) => isObject(heads),
  error: ({ code, message }) => isText(code) && isText(message),
  messages: ({ roomId, epoch, messages }) => isText(roomId) && isText(epoch) && areMessages(messages),
  disconnect: ({ code, reason }) => typeof code === 'number' && isText(reason),
}

const isType = (type: unknown): type is ServerFrame['type'] =>
  typeof type === 'string' && Object.hasOwn(shapes, type)

const isServerFrame = (value: unknown): value is ServerFrame =>
  isObject(value) && isType(value.type) && shapes[value.type](value)
