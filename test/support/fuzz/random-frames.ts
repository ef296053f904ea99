import fc from 'fast-check'
import { clientFrameSchemas } from '../../../protocol/client-frames.ts'
import { asyncApiDocument } from '../../../tools/asyncapi.ts'
import { type JsonSchema, valuesOf } from './schema-values.ts'

// Frames as fast-check makes them: valid ones out of the schemas, and what becomes of them when they are broken. A
// frame is kept as a list of fields, because an object could hold neither a name twice nor `__proto__`.

/** JSON as it is written, for what no value stands for: numbers beyond all bounds, halves of surrogate pairs. */
type Raw = { readonly raw: string }
type Field = readonly [name: string, value: unknown]

/** A text frame, valid or broken in any way. It may be of any size. */
export const textFrames = (): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 10, arbitrary: validFrames().map(textOf) },
    { weight: 8, arbitrary: brokenFrames().map(textOf) },
    { weight: 4, arbitrary: brokenTexts() },
    { weight: 1, arbitrary: fc.constantFrom(...noFrames) },
  )

const validFrames = (): fc.Arbitrary<readonly Field[]> =>
  fc.oneof(
    ...Object.keys(clientFrameSchemas).map((action) => ({
      weight: { sendMessage: 6, joinRoom: 4 }[action] ?? 1,
      arbitrary: validFramesOf(action),
    })),
  )

const validFramesOf = (action: string): fc.Arbitrary<readonly Field[]> => {
  const payload = asyncApiDocument().components.messages[`client.${action}`]?.payload as JsonSchema
  return valuesOf(payload).map((frame) => Object.entries(frame as object))
}

/** Valid frames of which fields were dropped, retyped, renamed, doubled or added. */
const brokenFrames = (): fc.Arbitrary<readonly Field[]> =>
  fc
    .tuple(validFrames(), fc.array(fieldChanges(), { minLength: 1, maxLength: 3 }))
    .map(([fields, changes]) => changes.reduce((changed, change) => change(changed), fields))

type FieldChange = (fields: readonly Field[]) => readonly Field[]

const fieldChanges = (): fc.Arbitrary<FieldChange> => {
  const at = fc.nat({ max: 7 })
  const change =
    (index: number, into: (field: Field) => readonly Field[]): FieldChange =>
    (fields) =>
      fields.flatMap((field, other) => (other === index % fields.length ? into(field) : [field]))
  return fc.oneof(
    at.map((index) => change(index, () => [])),
    fc.tuple(at, oddValues()).map(([index, value]) => change(index, ([name]) => [[name, value]])),
    fc.tuple(at, oddNames()).map(([index, name]) => change(index, ([, value]) => [[name, value]])),
    fc.tuple(at, oddValues()).map(([index, value]) => change(index, (field) => [field, [field[0], value]])),
    fc.tuple(oddNames(), oddValues()).map(
      ([name, value]): FieldChange =>
        (fields) => [...fields, [name, value]],
    ),
    fc.constantFrom(...forgeries).map(
      (field): FieldChange =>
        (fields) => [field, ...fields],
    ),
    oddActions().map(
      (action): FieldChange =>
        (fields) => [...fields, ['action', action]],
    ),
  )
}

/** What would be somebody else's if a frame were believed. */
const forgeries: readonly Field[] = [
  ['sender', { userId: 'mallory', name: 'Mallory' }],
  ['userId', 'mallory'],
  ['connectionId', 'mallory'],
  ['identity', { userId: 'mallory', rooms: ['*'], roles: ['moderator'] }],
  ['__proto__', { userId: 'mallory', roomId: 'general', content: 'forged' }],
  ['seq', 1],
]

const oddNames = () =>
  fc.oneof(
    fc.constantFrom(
      '',
      'Action',
      'roomid',
      'content ',
      '__proto__',
      'constructor',
      'toString',
      'since',
      'id',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )

const oddActions = () =>
  fc.oneof(
    fc.constantFrom('', 'sendmessage', 'SENDMESSAGE', '$connect', '$default', '__proto__', 'x'.repeat(200)),
    fc.string({ unit: 'binary', maxLength: 60 }),
    oddValues(),
  )

const oddValues = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom<unknown[]>(...oddities) },
    { weight: 10, arbitrary: fc.constantFrom(...rawValues) },
    { weight: 10, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
    { weight: 4, arbitrary: fc.constantFrom('x', '\u0000', '\u2028', '世').map((unit) => unit.repeat(70)) },
    { weight: 1, arbitrary: fc.constantFrom('x', '"', '世').map((unit) => unit.repeat(33_000)) },
    { weight: 1, arbitrary: fc.nat({ max: 5_000 }).map(nestedLists) },
    { weight: 1, arbitrary: fc.nat({ max: 2_000 }).map(nestedObjects) },
    { weight: 1, arbitrary: fc.nat({ max: 600 }).map(manyRooms) },
  )

const oddities = [null, true, false, 0, -1, 1.5, '', ' ', '\u0000', '__proto__', '🙂', [], {}, [[]]]
const nestedLists = (depth: number): Raw => ({ raw: '['.repeat(depth) + ']'.repeat(depth) })
const nestedObjects = (depth: number): Raw => ({ raw: `${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}` })
const manyRooms = (count: number) => Array.from({ length: count }, (_, index) => `room-${index}`)

const rawValues: readonly Raw[] = [
  '1e999',
  '-1e999',
  '-0',
  '1E-400',
  '9007199254740993',
  `1${'0'.repeat(400)}`,
  '0.1e1',
  String.raw`"\ud800"`,
  String.raw`"a\udc00b"`,
  String.raw`"\u0000"`,
  '{"epoch":"$epoch","seq":1e999}',
  '{"epoch":null,"seq":0,"epoch":"1"}',
  '{"__proto__":"x","constructor":"y"}',
  String.raw`{"a":"\ud83d"}`,
  '{"epoch":{"epoch":1},"seq":[0]}',
].map((raw) => ({ raw }))

const textOf = (fields: readonly Field[]): string =>
  `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`).join(',')}}`

const isRaw = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && 'raw' in value && typeof value.raw === 'string'

const jsonOf = (value: unknown): string => (isRaw(value) ? value.raw : JSON.stringify(value))

/** The text of a frame, cut, stuffed, wrapped or doubled. */
const brokenTexts = (): fc.Arbitrary<string> =>
  fc
    .tuple(fc.oneof(validFrames(), brokenFrames()).map(textOf), textChanges())
    .map(([text, change]) => change(text))

type TextChange = (text: string) => string

const textChanges = (): fc.Arbitrary<TextChange> =>
  fc.oneof<fc.Arbitrary<TextChange>[]>(
    fc.nat({ max: 400 }).map((at) => (text) => text.slice(0, at)),
    fc.nat({ max: 60 }).map((at) => (text) => text.slice(at)),
    fc
      .tuple(
        fc.nat({ max: 200 }),
        fc.oneof(fc.constantFrom(...stuffing), fc.string({ unit: 'binary', maxLength: 5 })),
      )
      .map(
        ([at, what]) =>
          (text) =>
            text.slice(0, at) + what + text.slice(at),
      ),
    fc.constant((text) => text.padEnd(32_768)),
    fc.constantFrom<TextChange[]>(
      (text) => `[${text}]`,
      (text) => JSON.stringify(text),
      (text) => text + text,
      (text) => ` \n\t\r${text} `,
      (text) => `\ufeff${text}`,
      (text) => `{"frame":${text}}`,
      (text) => text.replaceAll('"', "'"),
    ),
  )

const stuffing = ['\u0000', ',', '}', '{', '"', '\\', '\\u12', '//', '\n', '\u2028', 'NaN', '1e', '\ud800']

const noFrames = [
  '',
  ' ',
  '\u0000',
  'null',
  'true',
  '7',
  '"sendMessage"',
  '[]',
  '{}',
  '{"action":null}',
  'undefined',
  'ping',
  '['.repeat(30_000),
  '{"a":'.repeat(6_000),
  ' '.repeat(30_000),
]
