import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeQuietWatch } from '../../../client/quiet-watch.ts'
import { systemTimers } from '../../../client/timers.ts'
import { defaultTimings } from '../../../client/timings.ts'
import { defaultLimits } from '../../../core/protocol/limits.ts'

type Ping = { readonly atMs: number; readonly rooms: readonly string[] }

/** A watch on the clock of the test, and the pings that it sent. */
const watchForTest = () => {
  const pings: Ping[] = []
  const startMs = performance.now()
  const watch = makeQuietWatch({
    timers: systemTimers,
    timings: defaultTimings,
    limits: () => defaultLimits,
    calls: {
      ping: async ({ rooms = [] }) => {
        pings.push({ atMs: Math.round(performance.now() - startMs), rooms })
        return { type: 'pong', heads: {} }
      },
    },
    onHeads: () => undefined,
  })
  return { watch, pings }
}

describe('quiet watch', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('pings every four minutes while no room falls quiet, for the server to renew memberships', async () => {
    const { watch, pings } = watchForTest()
    watch.start()
    for (let second = 0; second < 15 * 60; second++) {
      watch.touch('busy')
      watch.touch('busy as well')
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(pings).toEqual([
      { atMs: 240_000, rooms: [] },
      { atMs: 480_000, rooms: [] },
      { atMs: 720_000, rooms: [] },
    ])
  })

  it('asks for a room ten seconds after it fell quiet, then every four minutes', async () => {
    const { watch, pings } = watchForTest()
    watch.start()
    watch.touch('quiet')
    await vi.advanceTimersByTimeAsync(500_000)
    expect(pings).toEqual([
      { atMs: 10_000, rooms: ['quiet'] },
      { atMs: 250_000, rooms: ['quiet'] },
      { atMs: 490_000, rooms: ['quiet'] },
    ])
  })
})
