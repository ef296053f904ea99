import * as v from 'valibot'
import { ChatError } from './chat-error.ts'
import {
  defaultLimits,
  jsonBytes,
  type Limits,
  maxClientMessageIdLength,
  maxEpochLength,
  maxFrameIdLength,
} from './limits.ts'
import { parseJson } from './parse-json.ts'

/** A position in a room: an epoch and a seq in it; null and 0 while the room has no message. */
export type Cursor = v.InferOutput<typeof CursorSchema>
/** A frame from a client, of any action. */
export type ClientFrame = v.InferOutput<(typeof clientFrameSchemas)[Action]>
/** Name of an action. */
export type Action = keyof typeof clientFrameSchemas
/** The frame of an action. */
export type FrameOf<A extends Action> = v.InferOutput<(typeof clientFrameSchemas)[A]>

/** Result of parsing: a valid frame, or the error for its sender. `id` is present if the frame had a valid one. */
export type ParsedFrame =
  | { readonly ok: true; readonly frame: ClientFrame }
  | { readonly ok: false; readonly id: string | undefined; readonly error: ChatError }

const wellFormed = v.check<string, string>((text) => text.isWellFormed(), 'must be well-formed Unicode')
const text = (max: number) =>
  v.pipe(
    v.string('must be a string'),
    v.nonEmpty('must not be empty'),
    v.maxLength(max, `must have at most ${max} characters`),
    wellFormed,
  )
const seq = v.pipe(
  v.number('must be a number'),
  v.safeInteger('must be a whole number'),
  v.minValue(0, 'must not be negative'),
)
const limit = v.pipe(
  v.number('must be a number'),
  v.safeInteger('must be a whole number'),
  v.minValue(1, 'must be at least 1'),
)

/** Room id: 1 to 128 of `A-Z a-z 0-9 _ . : -`. */
export const RoomIdSchema = v.pipe(
  v.string('must be a string'),
  v.regex(/^[A-Za-z0-9_.:-]{1,128}$/, 'must be 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
)
/** User id: 1 to 128 characters without control, format, surrogate, private-use or unassigned code points. */
export const UserIdSchema = v.pipe(
  v.string('must be a string'),
  v.regex(/^\P{C}{1,128}$/u, 'must be 1 to 128 printable characters'),
)
const CursorSchema = v.object(
  { epoch: v.nullable(text(maxEpochLength)), seq },
  'must be an object {epoch, seq}',
)
const FrameIdSchema = v.pipe(
  v.string('must be a string'),
  v.maxLength(maxFrameIdLength, `must have at most ${maxFrameIdLength} characters`),
  wellFormed,
)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Names with a meaning in JavaScript, which many libraries drop. */
const reservedNames = ['__proto__', 'constructor', 'prototype']
const AttributesSchema = v.custom<Readonly<Record<string, string>>>(
  (value) =>
    isObject(value) &&
    Object.entries(value).every(
      ([name, text]) =>
        typeof text === 'string' && `${name} ${text}`.isWellFormed() && !reservedNames.includes(name),
    ),
  `must be an object of strings, none of them named ${reservedNames.join(', ')}`,
)

const frame = <const A extends string, const E extends v.ObjectEntries>(action: A, entries: E) =>
  v.object({ action: v.literal(action), id: v.exactOptional(FrameIdSchema), ...entries })

/** Schemas of the frames from clients, by action. Unknown keys are ignored: no frame carries identity. */
export const clientFrameSchemas = {
  sendMessage: frame('sendMessage', {
    roomId: RoomIdSchema,
    content: v.pipe(v.string('must be a string'), v.nonEmpty('must not be empty'), wellFormed),
    clientMessageId: v.exactOptional(text(maxClientMessageIdLength)),
    since: v.exactOptional(CursorSchema),
    attributes: v.exactOptional(AttributesSchema),
  }),
  joinRoom: frame('joinRoom', {
    roomId: RoomIdSchema,
    since: v.exactOptional(CursorSchema),
    limit: v.exactOptional(limit),
  }),
  leaveRoom: frame('leaveRoom', { roomId: RoomIdSchema }),
  getHistory: frame('getHistory', {
    roomId: RoomIdSchema,
    epoch: v.exactOptional(text(maxEpochLength)),
    before: v.exactOptional(seq),
    after: v.exactOptional(seq),
    limit: v.exactOptional(limit),
  }),
  hello: frame('hello', {}),
  ping: frame('ping', { rooms: v.exactOptional(v.array(RoomIdSchema, 'must be a list of room ids')) }),
} as const

/** Parses one text frame. It never throws. */
export const parseFrame = (body: string | undefined, limits: Limits = defaultLimits): ParsedFrame => {
  const json = parseJson(body ?? '')
  const id = isObject(json) && v.is(FrameIdSchema, json.id) ? json.id : undefined
  const refuse = (error: ChatError): ParsedFrame => ({ ok: false, id, error })
  if (!isObject(json)) {
    return refuse(new ChatError('bad_request', 'The frame is not a JSON object. Send {"action": …} as text.'))
  }
  const { action } = json
  if (!isAction(action)) return refuse(unknownAction(action))
  const parsed = v.safeParse(clientFrameSchemas[action], json, { abortPipeEarly: true })
  if (!parsed.success) return refuse(badRequest(action, parsed.issues))
  const problem = overLimit(parsed.output, limits)
  return problem ? refuse(problem) : { ok: true, frame: parsed.output }
}

const isAction = (value: unknown): value is Action =>
  typeof value === 'string' && Object.hasOwn(clientFrameSchemas, value)

const unknownAction = (action: unknown): ChatError =>
  typeof action === 'string' && action !== ''
    ? new ChatError(
        'unknown_action',
        `There is no action ${JSON.stringify(action.slice(0, 40))}. Known: ${Object.keys(clientFrameSchemas).join(', ')}.`,
      )
    : new ChatError('bad_request', 'The frame has no "action". Send {"action": …}.')

const badRequest = (
  action: Action,
  issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]],
): ChatError => {
  const [issue] = issues
  const path = v.getDotPath(issue) ?? 'the frame'
  const missing = issue.received === 'undefined'
  return new ChatError('bad_request', `${action}: ${path} ${missing ? 'is missing' : issue.message}.`)
}

const overLimit = (frame: ClientFrame, limits: Limits): ChatError | undefined => {
  switch (frame.action) {
    case 'sendMessage':
      return contentOverLimit(frame, limits)
    case 'joinRoom':
    case 'getHistory':
      if (frame.limit !== undefined && frame.limit > limits.historyPageMax) {
        return new ChatError(
          'bad_request',
          `${frame.action}: limit must be at most ${limits.historyPageMax}.`,
        )
      }
      if ('before' in frame && 'after' in frame) {
        return new ChatError('bad_request', 'getHistory: send before or after, but not both.')
      }
      return undefined
    case 'ping':
      return (frame.rooms?.length ?? 0) > limits.roomsPerPing
        ? new ChatError('bad_request', `ping: rooms must have at most ${limits.roomsPerPing} room ids.`)
        : undefined
    default:
      return undefined
  }
}

const contentOverLimit = (frame: FrameOf<'sendMessage'>, limits: Limits): ChatError | undefined => {
  const contentBytes = jsonBytes(frame.content)
  if (contentBytes > limits.contentBytes) {
    return new ChatError(
      'too_large',
      `content is ${contentBytes} bytes as JSON; at most ${limits.contentBytes} are allowed. Split it.`,
    )
  }
  if (frame.attributes === undefined) return undefined
  const keys = Object.keys(frame.attributes).length
  if (keys > limits.attributeKeys) {
    return new ChatError(
      'too_large',
      `attributes has ${keys} keys; at most ${limits.attributeKeys} are allowed.`,
    )
  }
  const bytes = jsonBytes(frame.attributes)
  return bytes > limits.attributesBytes
    ? new ChatError(
        'too_large',
        `attributes is ${bytes} bytes as JSON; at most ${limits.attributesBytes} are allowed.`,
      )
    : undefined
}
