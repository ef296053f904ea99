import fc from 'fast-check'
import { textFrames } from '../fuzz/random-frames.ts'
import { encodeFrame, type WireFrame } from './raw-socket.ts'

/** What a client does on its socket: one thing after the other, without waiting, and how it ends. */
export type Script = {
  readonly acts: readonly Act[]
  readonly ending: Ending
  /** Whether it waits for all answers before it ends. */
  readonly isPatient: boolean
}

export type Act =
  /** A text message, in several frames where it is cut. */
  | { readonly kind: 'text'; readonly text: string; readonly cuts: readonly number[] }
  | { readonly kind: 'ping' | 'pong'; readonly payload: string }

/** What is written last, and the codes with which the server may close because of it. */
export type Ending = {
  readonly name: string
  readonly bytes: Buffer
  /** Empty: it does not close. */
  readonly codes: readonly number[]
  /** Whether the client then cuts the connection. */
  readonly isCut?: boolean
}

export const scripts = (): fc.Arbitrary<Script> =>
  fc.record({
    acts: fc.array(
      fc.oneof({ weight: 8, arbitrary: messages() }, { weight: 1, arbitrary: controlFrames() }),
      { maxLength: 200, size: 'max' },
    ),
    ending: endings(),
    isPatient: fc.boolean(),
  })

/** The bytes of an act. */
export const bytesOf = (act: Act): Buffer => {
  if (act.kind === 'text') return Buffer.concat(fragmentsOf(Buffer.from(act.text), act.cuts))
  return frame(act.kind === 'ping' ? 9 : 10, Buffer.from(act.payload, 'latin1'))
}

/** API Gateway's, which the gateway keeps to. */
const maxMessageBytes = 32 * 1024

/** What can travel as UTF-8, within the limit for a message. */
export const fitting = (text: string): string => {
  const formed = text.toWellFormed()
  return Buffer.byteLength(formed) <= maxMessageBytes ? formed : formed.slice(0, 10_000)
}

const messages = (): fc.Arbitrary<Act> =>
  fc.record({
    kind: fc.constant('text'),
    text: textFrames(),
    cuts: fc.oneof(fc.constant([]), fc.array(fc.nat({ max: 300 }), { maxLength: 6 })),
  })

/** One message in several frames, cut anywhere, be it inside a character, some of them empty. */
const fragmentsOf = (bytes: Buffer, cuts: readonly number[]): readonly Buffer[] => {
  const ends = [...cuts.map((cut) => Math.min(cut, bytes.byteLength)).sort((a, b) => a - b), bytes.byteLength]
  return ends.map((end, index) =>
    frame(index === 0 ? 1 : 0, bytes.subarray(ends[index - 1] ?? 0, end), {
      isFinal: index === ends.length - 1,
    }),
  )
}

const controlFrames = (): fc.Arbitrary<Act> =>
  fc.record({
    kind: fc.constantFrom('ping', 'pong'),
    payload: fc.string({ unit: 'binary-ascii', maxLength: 125 }),
  })

const endings = (): fc.Arbitrary<Ending> =>
  fc
    .oneof(
      { weight: 4, arbitrary: fc.constant({ name: 'stays', bytes: Buffer.alloc(0), codes: [] }) },
      { weight: 2, arbitrary: cuts() },
      { weight: 2, arbitrary: goodbyes() },
      { weight: 2, arbitrary: binaries() },
      { weight: 2, arbitrary: tooLarge() },
      { weight: 1, arbitrary: fc.constantFrom(...noUtf8) },
      { weight: 3, arbitrary: fc.constantFrom(...violations) },
    )
    // Of thousands of bytes, a report of a failure needs the name alone.
    .map((ending) => ({ ...ending, [fc.toStringMethod]: () => ending.name }))

const frame = (opcode: number, payload: Buffer | string = '', rest: Partial<WireFrame> = {}): Buffer =>
  encodeFrame({ opcode, payload: Buffer.from(payload), ...rest })

/** A connection that breaks anywhere in a frame. */
const cuts = () =>
  fc.nat({ max: 60 }).map((bytes) => ({
    name: 'is cut',
    bytes: frame(1, '{"action":"sendMessage","roomId":"general","content":"half"}').subarray(0, bytes),
    codes: [],
    isCut: true,
  }))

const goodbyes = () =>
  fc.constantFrom(1000, 1001, 3000, 4999).map((code) => {
    const payload = Buffer.alloc(2)
    payload.writeUInt16BE(code)
    return { name: `says goodbye with ${code}`, bytes: frame(8, payload), codes: [code] }
  })

const binaries = () =>
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => ({
    name: 'sends a binary message',
    bytes: frame(2, Buffer.from(bytes)),
    codes: [1003],
  }))

const tooLarge = () =>
  fc
    .oneof(
      fc.integer({ min: maxMessageBytes + 1, max: 200_000 }).map((bytes) => frame(1, 'x'.repeat(bytes))),
      fc.integer({ min: 2, max: 8 }).map((parts) => {
        const part = 'x'.repeat(Math.ceil((maxMessageBytes + 1) / parts))
        const middle = Array.from({ length: parts - 1 }, () => frame(0, part, { isFinal: false }))
        return Buffer.concat([frame(1, part, { isFinal: false }), ...middle])
      }),
      fc
        .constantFrom(32_769n, 65_536n, 2n ** 32n, 2n ** 53n, 2n ** 63n)
        .map((length) => frame(1, 'of which this is the beginning', { length })),
    )
    .map((bytes) => ({ name: 'sends too much', bytes, codes: [1009] }))

const noUtf8: readonly Ending[] = [[0xc3], [0xff, 0xfe], [0xed, 0xa0, 0x80], [0x7b, 0x80, 0x7d]].map(
  (bytes) => ({
    name: 'sends no UTF-8',
    bytes: frame(1, Buffer.from(bytes)),
    codes: [1007],
  }),
)

const violations: readonly Ending[] = [
  ['without a mask', frame(1, '{}', { isMasked: false })],
  ['with reserved bits', frame(1, '{}', { reserved: 4 })],
  ['with a reserved opcode', frame(3, '{}')],
  ['with a reserved control opcode', frame(11)],
  ['that continues nothing', frame(0, '{}')],
  ['that begins within another', Buffer.concat([frame(1, '{', { isFinal: false }), frame(1, '}')])],
  ['that is a ping in parts', frame(9, 'ping', { isFinal: false })],
  ['that is a ping too long', frame(9, 'x'.repeat(126))],
  ['that closes with half a code', frame(8, Buffer.from([3]))],
  ['that closes with a code that is none', frame(8, Buffer.from([3, 0xee]))],
].map(([name, bytes]) => ({ name: `sends a frame ${name}`, bytes: Buffer.from(bytes ?? ''), codes: [1002] }))
