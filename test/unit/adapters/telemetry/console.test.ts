import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeTelemetry } from '../../../../adapters/telemetry/console.ts'
import { ChatError } from '../../../../protocol/chat-error.ts'

const setUp = (options: Parameters<typeof makeTelemetry>[0] = {}) => {
  const lines: string[] = []
  const telemetry = makeTelemetry({
    write: (line) => lines.push(line),
    clock: () => Date.parse('2026-11-22T12:00:00.123Z'),
    ...options,
  })
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? 'null')
  return { telemetry, lines, last }
}

describe('console telemetry', () => {
  afterEach(() => vi.restoreAllMocks())

  it('writes one JSON object a line, with the time, the level and the message first', () => {
    const { telemetry, lines } = setUp()

    telemetry.info('started', { port: 8080, note: 'a\nb' })
    telemetry.warn('late')

    expect(lines).toEqual([
      '{"time":"2026-11-22T12:00:00.123Z","level":"info","message":"started","port":8080,"note":"a\\nb"}',
      '{"time":"2026-11-22T12:00:00.123Z","level":"warn","message":"late"}',
    ])
  })

  it('writes whole lines to standard output by default', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)

    makeTelemetry().info('started')

    expect(write).toHaveBeenCalledOnce()
    expect(write.mock.calls[0]?.[0]).toMatch(/^\{"time":"[^\n]*","level":"info","message":"started"\}\n$/)
  })

  it('logs an error with its chain of causes', () => {
    const { telemetry, last } = setUp()
    const root = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', port: 5672 })
    const cause = new AggregateError([root], 'every address failed')

    telemetry.error('publish failed', new ChatError('unavailable', 'Try again.', { cause }), {
      lane: 'lane.0',
    })

    expect(last()).toMatchObject({
      level: 'error',
      message: 'publish failed',
      lane: 'lane.0',
      error: {
        name: 'ChatError',
        message: 'Try again.',
        code: 'unavailable',
        cause: {
          name: 'AggregateError',
          errors: [{ name: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', port: 5672 }],
        },
      },
    })
  })

  it('logs the stack of a defect, and none of an outage, which comes a thousand times', () => {
    const { telemetry, last } = setUp()
    telemetry.error('failed', new Error('defect'))
    expect(last()).toMatchObject({ error: { stack: expect.stringContaining('Error: defect') } })
    telemetry.error('failed', new ChatError('unavailable', 'Try again.', { cause: new Error('refused') }))
    expect(JSON.stringify(last())).not.toContain('stack')
  })

  it('logs an error among the fields of a warning in the same way', () => {
    const { telemetry, last } = setUp()

    telemetry.warn('a post failed', { error: new Error('no', { cause: 'because' }) })

    expect(last()).toMatchObject({ error: { name: 'Error', message: 'no', cause: 'because' } })
  })

  it.each(['a text', 7, null, undefined, { reason: 'no error at all' }])(
    'logs %j thrown in place of an error',
    (thrown) => {
      const { telemetry, last } = setUp()

      telemetry.error('failed', thrown)

      expect(last().error).toEqual(thrown)
    },
  )

  it('never writes a token or a content, however deep it lies', () => {
    const { telemetry, lines, last } = setUp()
    const frame = {
      action: 'sendMessage',
      content: 'for your eyes only',
      attributes: { Token: 'for your eyes only' },
    }
    const error = Object.assign(new Error('no'), {
      token: 'for your eyes only',
      input: frame,
      $metadata: { httpStatusCode: 500, Authorization: 'for your eyes only' },
    })

    telemetry.info('a frame', {
      frame,
      token: 'for your eyes only',
      list: [[frame]],
      map: new Map([['content', 'for your eyes only']]),
    })
    telemetry.error('failed', new Error('outer', { cause: error }), {
      content: { text: 'for your eyes only' },
    })

    expect(lines.join()).not.toMatch(/your eyes/)
    expect(last()).toMatchObject({
      content: '[redacted]',
      error: {
        cause: { token: '[redacted]', $metadata: { httpStatusCode: 500, Authorization: '[redacted]' } },
      },
    })
  })

  it('does not let a field pass for the time, the level or the message', () => {
    const { telemetry, last } = setUp()

    telemetry.error('true', new Error('true'), {
      time: 'false',
      level: 'info',
      message: 'false',
      error: 'false',
    })

    expect(last()).toMatchObject({ level: 'error', message: 'true', error: { message: 'true' } })
    expect(last().time).toBe('2026-11-22T12:00:00.123Z')
  })

  it('writes what JSON has no word for, and never throws', () => {
    const { telemetry, last } = setUp()
    const loop: Record<string, unknown> = { name: 'loop' }
    loop.self = { again: loop }
    const deep = JSON.parse(`${'{"a":'.repeat(50)}1${'}'.repeat(50)}`)
    const looped = new Error('round')
    looped.cause = looped

    telemetry.error('odd', looped, {
      loop,
      deep,
      big: 10n,
      symbol: Symbol('s'),
      bytes: new Uint8Array(3),
      set: new Set([1]),
      date: new Date(0),
      noDate: new Date(Number.NaN),
      call: setUp,
      nothing: undefined,
    })

    expect(last()).toMatchObject({
      loop: { name: 'loop', self: { again: '[circular]' } },
      big: '10',
      symbol: 'Symbol(s)',
      bytes: '[3 bytes]',
      set: [1],
      date: '1970-01-01T00:00:00.000Z',
      noDate: 'Invalid Date',
      call: '[function setUp]',
      error: { message: 'round', cause: '[circular]' },
    })
    expect(JSON.stringify(last().deep)).toContain('[too deep]')
  })

  it('writes one object twice where it is no loop', () => {
    const { telemetry, last } = setUp()
    const shared = { a: 1 }

    telemetry.info('twice', { one: shared, two: shared })

    expect(last()).toMatchObject({ one: { a: 1 }, two: { a: 1 } })
  })

  it.each([
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('at level %s writes %j', (level, written) => {
    const { telemetry, lines } = setUp({ level })

    telemetry.info('one')
    telemetry.warn('two')
    telemetry.error('three', new Error('three'))

    expect(lines.map((line) => JSON.parse(line).level)).toEqual(written)
  })

  it('adds up counters, at every level and without a line', () => {
    const { telemetry, lines } = setUp({ level: 'silent' })

    telemetry.count('post.sent')
    telemetry.count('post.sent', 3)
    telemetry.count('post.gone')

    telemetry.measure('delivery.ms', 12)
    telemetry.measure('delivery.ms', 8)

    expect(telemetry.counters()).toEqual({ 'post.sent': 4, 'post.gone': 1 })
    expect(telemetry.durations()).toEqual({ 'delivery.ms': { count: 2, sum: 20, max: 12 } })
    expect(lines).toEqual([])
  })
})
