import * as v from 'valibot'
import { type Action, clientFrameSchemas } from '../../../protocol/client-frames.ts'
import type { ErrorCode } from '../../../protocol/codes.ts'
import { defaultLimits, jsonBytes } from '../../../protocol/limits.ts'
import { type ServerFrame, ServerFrameSchema } from '../../../protocol/server-frames.ts'

// What PROTOCOL.md allows as the answer to a text, whatever the text is.

type Outcomes = { readonly reply: ServerFrame['type']; readonly codes: readonly ErrorCode[] }

/** What may become of a frame that is as the schemas say, and within the limits. */
const outcomes = {
  sendMessage: { reply: 'ack', codes: ['forbidden', 'not_a_member', 'stale_cursor'] },
  joinRoom: { reply: 'joined', codes: ['forbidden'] },
  leaveRoom: { reply: 'left', codes: ['forbidden'] },
  getHistory: { reply: 'history', codes: ['not_a_member', 'stale_cursor'] },
  hello: { reply: 'hello', codes: [] },
  ping: { reply: 'pong', codes: [] },
} satisfies Record<Action, Outcomes>

type Json = Readonly<Record<string, unknown>>

/** What a text has to be answered by. */
export type Expected = {
  /** The id that the answer has to bear, if any. */
  readonly id: string | undefined
  /** Types of frames, and codes of errors. */
  readonly answers: readonly string[]
}

export const expectedFor = (text: string): Expected => {
  const json = objectIn(text)
  const { reply, codes } = outcomesOf(json)
  return { id: usableId(json?.id), answers: [...(reply === undefined ? [] : [reply]), ...codes] }
}

/** How an answer is named in `Expected`. */
export const nameOfAnswer = (frame: ServerFrame): string => (frame.type === 'error' ? frame.code : frame.type)

/** The answer to a text, as a frame. @throws Error that says how it breaks the contract */
export const checkedReply = (text: string, reply: string): ServerFrame => {
  const frame = checkedFrame(reply)
  const { id, answers } = expectedFor(text)
  const isRight = ('id' in frame ? frame.id : undefined) === id && answers.includes(nameOfAnswer(frame))
  if (isRight) return frame
  throw new Error(
    `${text.slice(0, 300)} was answered by ${reply.slice(0, 300)}, not with ${id} and one of ${answers.join(', ')}`,
  )
}

/** A frame of the server's. @throws Error if it is none, or too large */
export const checkedFrame = (text: string): ServerFrame => {
  const bytes = Buffer.byteLength(text)
  if (bytes > defaultLimits.serverFrameBytes)
    throw new Error(`A frame of ${bytes} bytes: ${text.slice(0, 200)}`)
  const parsed = v.safeParse(ServerFrameSchema, JSON.parse(text))
  if (!parsed.success) throw new Error(`No server frame, ${parsed.issues[0].message}: ${text.slice(0, 300)}`)
  return parsed.output
}

const usableId = (id: unknown): string | undefined =>
  typeof id === 'string' && id.length <= 64 && id.isWellFormed() ? id : undefined

const outcomesOf = (json: Json | undefined): Partial<Outcomes> & Pick<Outcomes, 'codes'> => {
  const action = json?.action
  if (json === undefined || typeof action !== 'string' || action === '') return { codes: ['bad_request'] }
  if (!isAction(action)) return { codes: ['unknown_action'] }
  if (!v.is(clientFrameSchemas[action], json)) return { codes: ['bad_request'] }
  const limit = overLimit(json)
  if (limit) return { codes: [limit] }
  return isWriteToSystemRoom(action, json) ? { codes: ['forbidden'] } : outcomes[action]
}

const isAction = (action: string): action is Action => Object.hasOwn(clientFrameSchemas, action)

const overLimit = ({
  action,
  content,
  attributes,
  limit,
  before,
  after,
  rooms,
}: Json): ErrorCode | undefined => {
  switch (action) {
    case 'sendMessage': {
      const keys = Object.keys(attributes ?? {}).length
      const isLarge =
        jsonBytes(content) > defaultLimits.contentBytes ||
        keys > defaultLimits.attributeKeys ||
        jsonBytes(attributes ?? {}) > defaultLimits.attributesBytes
      return isLarge ? 'too_large' : undefined
    }
    case 'joinRoom':
    case 'getHistory': {
      const isBoth = action === 'getHistory' && before !== undefined && after !== undefined
      return isBoth || Number(limit ?? 0) > defaultLimits.historyPageMax ? 'bad_request' : undefined
    }
    case 'ping':
      return Array.isArray(rooms) && rooms.length > defaultLimits.roomsPerPing ? 'bad_request' : undefined
    default:
      return undefined
  }
}

const isWriteToSystemRoom = (action: Action, { roomId }: Json): boolean =>
  ['sendMessage', 'joinRoom', 'leaveRoom'].includes(action) && /^(user|dm)\./.test(String(roomId))

const objectIn = (text: string): Json | undefined => {
  try {
    const json: unknown = JSON.parse(text)
    return isPlain(json) ? json : undefined
  } catch {
    return undefined // what is not JSON is what this is asked about
  }
}

const isPlain = (json: unknown): json is Json =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
