import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defaultTimings, systemTimers } from '../../../../client/api/timing.ts'
import { makeQuietWatch } from '../../../../client/rooms/quiet-watch.ts'
import { makeRooms } from '../../../../client/rooms/rooms.ts'
import { defaultLimits } from '../../../../protocol/limits.ts'
import type { ChatMessage } from '../../../../protocol/server-frames.ts'

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

/** A room whose pushes are all lost, on the clock of the test; the server tells of its messages when it is asked. */
const deafRoomForTest = async () => {
  const said: ChatMessage[] = []
  const seen: number[] = []
  const pingsAtMs: number[] = []
  const startMs = performance.now()
  const room = { roomId: 'general', floor: 1, more: false }
  const epoch = () => (said.length === 0 ? null : 'epoch-1')
  const rooms = makeRooms({
    timers: systemTimers,
    timings: defaultTimings,
    backoff: () => 0,
    userId: () => 'ada',
    limits: () => defaultLimits,
    calls: {
      joinRoom: async () => ({
        ...room,
        type: 'joined',
        epoch: epoch(),
        seq: said.length,
        messages: [...said],
        recovered: false,
      }),
      getHistory: async ({ after = 0 }) => ({
        ...room,
        type: 'history',
        epoch: epoch(),
        messages: said.slice(after),
      }),
      ping: async () => {
        pingsAtMs.push(Math.round(performance.now() - startMs))
        return { type: 'pong', heads: { general: { epoch: epoch(), seq: said.length } } }
      },
      leaveRoom: () => Promise.reject(new Error('Nobody leaves')),
      sendMessage: () => Promise.reject(new Error('Nobody sends')),
    },
    on: {
      message: ({ message }) => seen.push(message.seq),
      recovered: () => undefined,
      reset: ({ messages }) => seen.push(...messages.map(({ seq }) => seq)),
      left: () => undefined,
      unsent: () => undefined,
      upToDate: () => undefined,
      readyForRollover: () => undefined,
    },
  })
  rooms.resume()
  await rooms.join('general', undefined)
  const say = () => {
    const seq = said.length + 1
    const sentAt = new Date(0).toISOString()
    said.push({ seq, kind: 'text', messageId: `m${seq}`, sender: { userId: 'bob' }, content: 'x', sentAt })
  }
  return { say, seen, pingsAtMs }
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

  it('asks again after ten seconds, not four minutes, when a ping has found that messages were lost', async () => {
    const { say, seen, pingsAtMs } = await deafRoomForTest()
    say()
    await vi.advanceTimersByTimeAsync(12_000)
    expect({ seen, pings: pingsAtMs.length }).toEqual({ seen: [1], pings: 1 })
    say()
    await vi.advanceTimersByTimeAsync(12_000)
    expect({ seen, pings: pingsAtMs.length }).toEqual({ seen: [1, 2], pings: 2 })
    await vi.advanceTimersByTimeAsync(120_000)
    expect(pingsAtMs).toHaveLength(3)
  })
})
