import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeTelemetry } from '../../../../adapters/telemetry/powertools.ts'
import { isRefusal } from '../../../../lambdas/handlers/authorize.ts'
import { ChatError } from '../../../../protocol/chat-error.ts'

const context = { functionName: 'send-message', awsRequestId: 'request-1' }

describe('telemetry on Lambda', () => {
  let lines: Record<string, unknown>[] = []
  beforeEach(() => {
    lines = []
    const write = (text: string | Uint8Array) => {
      lines.push(...String(text).trim().split('\n').map(parse))
      return true
    }
    vi.spyOn(process.stdout, 'write').mockImplementation(write)
    vi.spyOn(process.stderr, 'write').mockImplementation(write)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  const setUp = (level: 'info' | 'warn' = 'info') =>
    makeTelemetry({ service: 'simple-chat-live', namespace: 'SimpleChat', level })

  it('logs one JSON object a line, with the service, the fields and the request it belongs to', async () => {
    const { telemetry, observed } = setUp()
    const handler = observed(async () => telemetry.info('A connection opened', { connectionId: 'c1' }))
    await handler({}, context)
    expect(lines.find(({ message }) => message === 'A connection opened')).toMatchObject({
      level: 'INFO',
      service: 'simple-chat-live',
      connectionId: 'c1',
      requestId: 'request-1',
    })
  })

  it('logs an error with its causes, and never a token or content', () => {
    const { telemetry } = setUp()
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    telemetry.error('failed', new ChatError('unavailable', 'Try again.', { cause }), {
      token: 'eyJ.abc',
      frame: { content: 'a secret' },
    })
    expect(lines).toMatchObject([
      {
        level: 'ERROR',
        error: { code: 'unavailable', cause: { code: 'ECONNREFUSED' } },
        token: '[redacted]',
      },
    ])
    expect(JSON.stringify(lines)).not.toMatch(/eyJ|a secret/)
  })

  it('says nothing below its level', () => {
    const { telemetry } = setUp('warn')
    telemetry.info('everyday')
    telemetry.warn('worth a look')
    expect(lines).toMatchObject([{ message: 'worth a look' }])
  })

  it('hands over metrics in the embedded format when an invocation ends, a failed one as well', async () => {
    const { telemetry, observed } = setUp()
    const handler = observed(async () => {
      telemetry.count('post.sent', 3)
      telemetry.count('post.sent')
      telemetry.measure('delivery.ms', 12)
      throw new Error('of no matter here')
    })
    await expect(handler({}, context)).rejects.toThrow('of no matter here')
    expect(lines.find((line) => 'post.sent' in line)).toMatchObject({
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: 'SimpleChat',
            Dimensions: [['service']],
            Metrics: [
              { Name: 'post.sent', Unit: 'Count' },
              { Name: 'delivery.ms', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      service: 'simple-chat-live',
      'post.sent': [3, 1],
    })
  })

  it('logs what a handler throws, with its causes, and throws it', async () => {
    const { observed } = setUp()
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const thrown = new ChatError('unavailable', 'Try again.', { cause })
    const handler = observed(() => Promise.reject(thrown))
    await expect(handler({}, context)).rejects.toBe(thrown)
    expect(lines).toMatchObject([
      {
        level: 'ERROR',
        message: 'The invocation failed',
        requestId: 'request-1',
        error: { code: 'unavailable', cause: { code: 'ECONNREFUSED' } },
      },
    ])
  })

  it('says nothing of a token that was refused: the handler has', async () => {
    const { observed } = setUp()
    const handler = observed(() => Promise.reject(new Error('Unauthorized')), isRefusal)
    await expect(handler({}, context)).rejects.toThrow('Unauthorized')
    expect(lines).toEqual([])
  })

  it('counts a cold start once, and warns of no invocation without metrics', async () => {
    vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'on-demand')
    const { observed } = setUp()
    const handler = observed(async () => undefined)
    await handler({}, context)
    await handler({}, context)
    const starts = lines.filter((line) => 'ColdStart' in line)
    expect(starts).toMatchObject([{ ColdStart: 1, function_name: 'send-message' }])
    expect(lines.filter(({ level }) => level === 'WARN')).toEqual([])
  })
})

const parse = (line: string): Record<string, unknown> => JSON.parse(line)
