import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FramePoster, Telemetry } from '../../../core/ports.ts'
import { type ConnectionsServer, startConnectionsServer } from '../../support/servers/connections-server.ts'

type Setup = (options: {
  readonly telemetry: Telemetry
  readonly concurrency: number
  readonly requestTimeoutMs: number
}) => FramePoster

type Line = { readonly level: 'warn' | 'error'; readonly error: unknown; readonly fields: unknown }

const connectionId = 'L0SM9/+ OFvHc%Ihw='
const encodedId = 'L0SM9%2F%2B%20OFvHc%25Ihw%3D'
const frame = JSON.stringify({ type: 'messages', content: 'Ζωή 👩‍🚀 "secret"' })

/** What every FramePoster promises that posts over HTTP, as API Gateway's @connections API takes it. */
export const framePosterContract = (name: string, setup: Setup): void => {
  describe(`frame poster over ${name}`, () => {
    let server: ConnectionsServer
    let poster: FramePoster
    let lines: Line[]

    beforeEach(async () => {
      server = await startConnectionsServer()
      lines = []
      const telemetry: Telemetry = {
        info: () => undefined,
        warn: (_, fields = {}) => lines.push({ level: 'warn', error: fields.error, fields }),
        error: (_, error, fields = {}) => lines.push({ level: 'error', error, fields }),
        count: () => undefined,
        measure: () => undefined,
      }
      poster = setup({ telemetry, concurrency: 3, requestTimeoutMs: 300 })
    })
    afterEach(() => server.stop())

    const connection = () => ({ connectionId, endpoint: server.endpoint })

    it('posts a frame as it is, signed, to the connection below its endpoint', async () => {
      expect(await poster.post(connection(), frame)).toBe('sent')

      expect(server.requests).toEqual([
        {
          method: 'POST',
          path: `/prod/@connections/${encodedId}`,
          body: frame,
          authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=.*\/execute-api\/aws4_request/),
        },
      ])
      expect(lines).toEqual([])
    })

    it('closes a connection', async () => {
      expect(await poster.close(connection())).toBe('sent')

      expect(server.requests).toMatchObject([
        { method: 'DELETE', path: `/prod/@connections/${encodedId}`, body: '' },
      ])
    })

    it.each([
      [410, 'gone'],
      [429, 'throttled'],
    ] as const)('answers a %i with %s, which is no news for the log', async (status, outcome) => {
      server.answer({ status, body: '{"message":"as API Gateway says it"}' })

      expect(await poster.post(connection(), frame)).toBe(outcome)
      expect(await poster.close(connection())).toBe(outcome)

      expect(lines).toEqual([])
    })

    it.each([410, 429])('understands a %i whatever its body says', async (status) => {
      for (const body of ['', '<html>', '{}', 'null']) {
        server.answer({ status, body })
        expect(await poster.post(connection(), frame)).toBe(status === 410 ? 'gone' : 'throttled')
      }
    })

    it.each([500, 502, 503, 504])('answers a %i with failed, and warns', async (status) => {
      server.answer({ status, body: '{"message":"Internal server error"}' })

      expect(await poster.post(connection(), frame)).toBe('failed')

      expect(lines).toMatchObject([{ level: 'warn', error: expect.any(Error) }])
    })

    it.each([400, 403, 404, 413])('answers a %i with failed, and reports a defect', async (status) => {
      server.answer({ status, body: '{"message":"Forbidden"}' })

      expect(await poster.post(connection(), frame)).toBe('failed')

      expect(lines).toMatchObject([{ level: 'error', error: expect.any(Error) }])
    })

    it('logs which connection failed, and nothing of the frame', async () => {
      server.answer({ status: 500, body: '{}' })

      await poster.post(connection(), frame)

      expect(lines[0]?.fields).toMatchObject(connection())
      expect(JSON.stringify(lines)).not.toMatch(/secret|Ζωή/)
    })

    it('tries once: when to try again is for the caller to say', async () => {
      for (const status of [429, 500, 503]) {
        server.answer({ status, body: '{}' })
        await poster.post(connection(), frame)
      }

      expect(server.requests).toHaveLength(3)
    })

    it.each(['nothing', 'head only'] as const)(
      'answers failed, soon, where the server answers %s',
      async (answer) => {
        server.answer(answer)
        const startMs = performance.now()

        expect(await poster.post(connection(), frame)).toBe('failed')

        expect(performance.now() - startMs).toBeLessThan(3000)
        expect(lines).toMatchObject([{ level: 'warn' }])
      },
    )

    it('answers failed where the server hangs up', async () => {
      server.answer('hang up')

      expect(await poster.post(connection(), frame)).toBe('failed')

      expect(lines).toMatchObject([{ level: 'warn' }])
    })

    it('answers failed where nobody listens, and posts again once somebody does', async () => {
      await server.stop()

      expect(await poster.post(connection(), frame)).toBe('failed')
      expect(lines).toMatchObject([{ level: 'warn' }])

      await server.start()
      expect(await poster.post(connection(), frame)).toBe('sent')
    })

    it('answers failed for an endpoint that is none, and reports a defect', async () => {
      expect(await poster.post({ connectionId, endpoint: 'nowhere' }, frame)).toBe('failed')

      expect(lines).toMatchObject([{ level: 'error' }])
    })

    it('has at most as many requests under way as it may, and loses none of those that wait', async () => {
      server.answer('when told')
      const posts = Array.from({ length: 10 }, (_, index) =>
        poster.post({ ...connection(), connectionId: `c${index}` }, frame),
      )

      const mostAtOnce: number[] = []
      for (let done = 0; done < 10; done++) {
        await server.underWay(Math.min(3, 10 - done))
        mostAtOnce.push(server.inFlight())
        server.answerOldest()
      }

      expect(await Promise.all(posts)).toEqual(posts.map(() => 'sent'))
      expect(Math.max(...mostAtOnce)).toBe(3)
      expect(server.mostAtOnce()).toBe(3)
      expect(server.requests.map(({ path }) => path.at(-1)).sort()).toEqual([...'0123456789'])
    })

    it('goes on with the others after one that never got an answer', async () => {
      server.answer('nothing')
      const outcomes = await Promise.all(Array.from({ length: 3 }, () => poster.post(connection(), frame)))
      server.answer({ status: 200, body: '' })

      expect(outcomes).toEqual(['failed', 'failed', 'failed'])
      expect(await poster.post(connection(), frame)).toBe('sent')
    })
  })
}
