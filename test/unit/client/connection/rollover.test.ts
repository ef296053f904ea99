import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defaultTimings, systemTimers } from '../../../../client/api/timing.ts'
import { makeRollover } from '../../../../client/connection/rollover.ts'
import type { Session } from '../../../../client/connection/session.ts'
import { defaultLimits } from '../../../../protocol/limits.ts'

/** A socket that never opens: it is enough to know when it was tried. */
class UnopenedSocket {
  static openedAtMs: number[] = []
  constructor() {
    UnopenedSocket.openedAtMs.push(Math.round(performance.now()))
  }
  readonly send = () => undefined
  readonly close = () => undefined
  readonly addEventListener = () => undefined
}

const sessionOf = (maxAgeSeconds: number | null): Session => ({
  hello: {
    type: 'hello',
    connectionId: 'c1',
    userId: 'ada',
    roles: [],
    heads: {},
    limits: { ...defaultLimits },
    maxAgeSeconds,
  },
  request: () => Promise.reject(new Error('Nobody asks')),
  begunAtMs: performance.now(),
  readyAtMs: performance.now(),
  end: () => undefined,
  retire: () => undefined,
})

/** Returns the moments at which a second connection is opened, in seconds from the start of the first. */
const openedAfterSeconds = async (maxAgeSeconds: number | null, random: number, withinSeconds: number) => {
  UnopenedSocket.openedAtMs = []
  const startMs = performance.now()
  const rollover = makeRollover({
    url: new URL('ws://localhost/'),
    authCheckUrl: new URL('http://localhost/auth-check'),
    getToken: undefined,
    WebSocket: UnopenedSocket,
    fetch: () => Promise.reject(new TypeError('There is no network')),
    timers: systemTimers,
    timings: defaultTimings,
    backoff: () => 1e9,
    random: () => random,
    on: {
      messages: () => undefined,
      error: () => undefined,
      disconnect: () => undefined,
      ended: () => undefined,
      ready: () => undefined,
      lost: () => undefined,
    },
  })
  rollover.plan(sessionOf(maxAgeSeconds))
  await vi.advanceTimersByTimeAsync(withinSeconds * 1000)
  return UnopenedSocket.openedAtMs.map((atMs) => Math.round((atMs - startMs) / 1000))
}

describe('rollover of a connection', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('begins between 85% and 95% of the age that the server allows, at random', async () => {
    expect(await openedAfterSeconds(7200, 0, 7200)).toEqual([6120])
    expect(await openedAfterSeconds(7200, 0.5, 7200)).toEqual([6480])
    expect(await openedAfterSeconds(7200, 0.9999, 7200)).toEqual([6840])
  })

  it('never begins where nothing limits the age', async () => {
    expect(await openedAfterSeconds(null, 0, 1e6)).toEqual([])
  })

  it('begins no sooner than after 24 days where the age is longer than a timer can run', async () => {
    expect(await openedAfterSeconds(31_536_000, 0, 24 * 86_400)).toEqual([])
  })
})
