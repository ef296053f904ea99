import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeFramePoster } from '../../adapters/apigateway/frame-poster.ts'
import { type ConnectionsServer, startConnectionsServer } from '../support/servers/connections-server.ts'

const telemetry = { info: vi.fn(), warn: vi.fn(), error: vi.fn(), count: vi.fn(), measure: vi.fn() }
const makePoster = (options: { readonly concurrency?: number; readonly requestTimeoutMs?: number } = {}) =>
  makeFramePoster({
    ...options,
    telemetry,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    region: 'us-east-1',
  })

describe('frame poster on sockets', () => {
  let server: ConnectionsServer

  beforeEach(async () => {
    server = await startConnectionsServer()
  })
  afterEach(() => server.stop())

  const connection = (index = 0) => ({ connectionId: `c${index}=`, endpoint: server.endpoint })

  it('uses a socket again for the next post', async () => {
    const poster = makePoster()

    for (let index = 0; index < 20; index++)
      expect(await poster.post(connection(index), 'frame')).toBe('sent')

    expect(server.sockets()).toBe(1)
  })

  it('opens no more sockets than posts may be under way', async () => {
    const poster = makePoster({ concurrency: 8 })

    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => poster.post(connection(index), `frame ${index}`)),
    )

    expect(new Set(outcomes)).toEqual(new Set(['sent']))
    expect(new Set(server.requests.map(({ path, body }) => `${path} ${body}`)).size).toBe(200)
    expect(server.sockets()).toBeLessThanOrEqual(8)
  })

  it('breaks nothing that is under way when the client of its endpoint is dropped', async () => {
    const poster = makePoster({ concurrency: 150, requestTimeoutMs: 10_000 })
    server.answer('when told')
    const posts = Array.from({ length: 150 }, (_, index) =>
      poster.post({ connectionId: 'c', endpoint: `${server.endpoint}/${index}` }, 'frame'),
    )

    await server.underWay(150)
    for (let index = 0; index < 150; index++) server.answerOldest()

    expect(new Set(await Promise.all(posts))).toEqual(new Set(['sent']))
    expect(server.requests.map(({ path }) => path)).toContain('/prod/149/@connections/c')
  })

  it('gives up on a server that does not answer after the time that it was given, all posts at once', async () => {
    const poster = makePoster({ concurrency: 50, requestTimeoutMs: 400 })
    server.answer('nothing')
    const startMs = performance.now()

    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => poster.post(connection(index), 'frame')),
    )

    const tookMs = performance.now() - startMs
    expect(new Set(outcomes)).toEqual(new Set(['failed']))
    expect(tookMs).toBeGreaterThan(390)
    expect(tookMs).toBeLessThan(5000)
  })

  it('posts again, over new sockets, after the server was restarted', async () => {
    const poster = makePoster()
    await poster.post(connection(), 'one')
    await server.stop()
    await server.start()

    // The first post after it may meet a socket whose end has not been noticed yet: failed is a fair answer then.
    await vi.waitFor(async () => expect(await poster.post(connection(), 'two')).toBe('sent'), {
      timeout: 5000,
    })

    expect(server.requests.at(-1)).toMatchObject({ body: 'two' })
  })
})
