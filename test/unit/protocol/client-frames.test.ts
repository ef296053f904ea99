import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFrame } from '../../../protocol/client-frames.ts'
import { defaultLimits, jsonBytes } from '../../../protocol/limits.ts'

const parse = (frame: unknown) => parseFrame(JSON.stringify(frame))
const send = (fields: object) => ({
  action: 'sendMessage',
  id: '7',
  roomId: 'general',
  content: 'hello',
  ...fields,
})
const errorOf = (frame: unknown) => {
  const parsed = typeof frame === 'string' ? parseFrame(frame) : parse(frame)
  if (parsed.ok) throw new Error('The frame was taken')
  return { id: parsed.id, code: parsed.error.code, message: parsed.error.message }
}

describe('parseFrame', () => {
  it('takes each action with its fields', () => {
    const frames = [
      send({ clientMessageId: 'c1', since: { epoch: 'e', seq: 3 }, attributes: { lang: 'en' } }),
      { action: 'joinRoom', roomId: 'general', since: { epoch: null, seq: 0 }, limit: 500 },
      { action: 'leaveRoom', roomId: 'general' },
      { action: 'getHistory', roomId: 'general', epoch: 'e', before: 7 },
      { action: 'getHistory', roomId: 'general', after: 0 },
      { action: 'hello' },
      { action: 'ping', rooms: ['a', 'b'] },
    ]
    for (const frame of frames) expect(parse(frame)).toEqual({ ok: true, frame })
  })

  it('ignores what it does not know, so that a forged sender never gets in', () => {
    const parsed = parse(send({ sender: { userId: 'mallory' }, userId: 'mallory', seq: 9, sentAt: 'now' }))
    expect(parsed).toEqual({ ok: true, frame: send({}) })
  })

  it.each([
    ['no text', undefined],
    ['an empty text', ''],
    ['half a frame', '{"action":"sendMessage"'],
    ['a list', '[1]'],
    ['null', 'null'],
    ['a number', '7'],
    ['no action', '{"id":"1"}'],
    ['an action that is no text', '{"action":7}'],
  ])('refuses %s as a bad request', (_, body) => {
    const parsed = parseFrame(body)
    expect(parsed.ok).toBe(false)
    expect(!parsed.ok && parsed.error.code).toBe('bad_request')
  })

  it.each(['fly', '__proto__', 'constructor', 'toString', '$connect', '$default'])(
    'knows no action %s',
    (action) => {
      expect(errorOf({ action, id: '3' })).toMatchObject({ code: 'unknown_action', id: '3' })
    },
  )

  it('names the field that is wrong, and echoes the id', () => {
    expect(errorOf(send({ roomId: 'no spaces' }))).toMatchObject({
      id: '7',
      code: 'bad_request',
      message: expect.stringContaining('roomId'),
    })
    expect(errorOf(send({ content: undefined })).message).toBe('sendMessage: content is missing.')
    expect(errorOf(send({ since: { epoch: 'e', seq: -1 } })).message).toContain('since.seq')
    expect(errorOf(send({ since: { epoch: 'e', seq: 1.5 } })).code).toBe('bad_request')
    expect(errorOf(send({ attributes: { a: 1 } })).message).toContain(
      'attributes must be an object of strings',
    )
  })

  it('does not echo an id that is none', () => {
    expect(errorOf({ action: 'fly', id: 7 }).id).toBeUndefined()
    expect(errorOf(send({ id: 'x'.repeat(65) })).id).toBeUndefined()
  })

  it('measures content as JSON-encoded UTF-8, to the byte', () => {
    const fits = 'x'.repeat(defaultLimits.contentBytes - 2)
    expect(parse(send({ content: fits })).ok).toBe(true)
    expect(errorOf(send({ content: `${fits}x` })).code).toBe('too_large')
    const quotes = '"'.repeat(defaultLimits.contentBytes / 2)
    expect(errorOf(send({ content: quotes })).code).toBe('too_large')
    const emoji = '🙂'.repeat(defaultLimits.contentBytes / 4)
    expect(errorOf(send({ content: emoji })).code).toBe('too_large')
  })

  it('refuses empty content and content that is no Unicode', () => {
    expect(errorOf(send({ content: '' })).code).toBe('bad_request')
    expect(errorOf('{"action":"sendMessage","roomId":"r","content":"\\ud800"}').code).toBe('bad_request')
  })

  it('bounds attributes by number and by size', () => {
    const keys = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']))
    expect(parse(send({ attributes: keys(16) })).ok).toBe(true)
    expect(errorOf(send({ attributes: keys(17) })).code).toBe('too_large')
    expect(errorOf(send({ attributes: { k: 'v'.repeat(1024) } })).code).toBe('too_large')
  })

  it.each(['__proto__', 'constructor', 'prototype'])(
    'refuses an attribute named %s, which many a library drops',
    (name) => {
      const body = `{"action":"sendMessage","roomId":"r","content":"c","attributes":{"${name}":"x"}}`
      expect(errorOf(body)).toMatchObject({ code: 'bad_request' })
    },
  )

  it('answers with a short error, whatever names a frame has', () => {
    const { message } = errorOf(send({ attributes: { ['x'.repeat(30_000)]: 7 } }))
    expect(message.length).toBeLessThan(300)
  })

  it('bounds a page, the rooms of a ping, and takes before or after but not both', () => {
    expect(errorOf({ action: 'joinRoom', roomId: 'r', limit: 501 }).code).toBe('bad_request')
    expect(errorOf({ action: 'getHistory', roomId: 'r', limit: 0 }).code).toBe('bad_request')
    expect(errorOf({ action: 'getHistory', roomId: 'r', before: 1, after: 1 }).code).toBe('bad_request')
    expect(errorOf({ action: 'ping', rooms: Array.from({ length: 11 }, (_, i) => `r${i}`) }).code).toBe(
      'bad_request',
    )
  })

  it('goes by the limits that a deployment sets', () => {
    const parsed = parseFrame(JSON.stringify(send({})), { ...defaultLimits, contentBytes: 3 })
    expect(!parsed.ok && parsed.error.code).toBe('too_large')
  })

  it('never throws, whatever text comes, and answers with a code of the contract', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .record(
          {
            action: fc.constantFrom('sendMessage', 'joinRoom', 'getHistory', 'ping'),
            roomId: fc.anything(),
            content: fc.anything(),
            since: fc.anything(),
            rooms: fc.anything(),
            id: fc.anything(),
          },
          { requiredKeys: ['action'] },
        )
        .map((frame) =>
          JSON.stringify(frame, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
        ),
    )
    fc.assert(
      fc.property(anything, (body) => {
        const parsed = parseFrame(body)
        if (parsed.ok) expect(jsonBytes(parsed.frame)).toBeGreaterThan(0)
        else expect(['bad_request', 'unknown_action', 'too_large']).toContain(parsed.error.code)
      }),
      { numRuns: 500 },
    )
  })
})
