import type { Limits } from '../../protocol/limits.ts'
import type { PongFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Timers, Timings } from '../api/timing.ts'
import type { Calls } from '../connection/calls.ts'
import { throwLater } from '../primitives/rethrow.ts'

type Deps = {
  readonly timers: Timers
  readonly timings: Timings
  readonly calls: Pick<Calls, 'ping'>
  readonly limits: () => Pick<Limits, 'roomsPerPing'>
  readonly onHeads: (heads: PongFrame['heads']) => void
}

/**
 * Asks for the heads of quiet rooms, because the loss of a room's last message leaves no visible gap. The same pings keep
 * the connection from idling, detect a dead one, and renew memberships on the server. So a ping is sent at least every
 * `keepAliveMs`, however busy the rooms are.
 */
export type QuietWatch = {
  /** Begins to ask, because there is a connection. */
  readonly start: () => void
  /** Pauses until `start`, because the connection was lost. */
  readonly stop: () => void
  /** Restarts the quiet time of a room, because something was heard of it. */
  readonly touch: (roomId: string) => void
  /** Stops asking for a room. */
  readonly forget: (roomId: string) => void
  /** Asks for all rooms immediately, because the machine may have slept. */
  readonly checkNow: () => void
}

type State = {
  readonly dueAtMs: Map<string, number>
  connectionDueAtMs: number
  enabled: boolean
  timer: { readonly atMs: number; readonly cancel: () => void } | undefined
}

/** Time within which due rooms share one ping, in ms (our choice). */
const togetherMs = 1000

/** Creates a watch that is paused until `start`. */
export const makeQuietWatch = (deps: Deps): QuietWatch => {
  const { timers, timings } = deps
  const state: State = { dueAtMs: new Map(), connectionDueAtMs: 0, enabled: false, timer: undefined }
  return {
    start: () => {
      state.enabled = true
      state.connectionDueAtMs = timers.now() + timings.keepAliveMs
      for (const roomId of state.dueAtMs.keys()) state.dueAtMs.set(roomId, timers.now() + timings.quietMs)
      arm(deps, state)
    },
    stop: () => {
      state.enabled = false
      state.timer?.cancel()
      state.timer = undefined
    },
    touch: (roomId) => {
      state.dueAtMs.set(roomId, timers.now() + timings.quietMs)
      arm(deps, state)
    },
    forget: (roomId) => {
      state.dueAtMs.delete(roomId)
    },
    checkNow: () => {
      for (const roomId of state.dueAtMs.keys()) state.dueAtMs.set(roomId, timers.now())
      state.connectionDueAtMs = timers.now()
      arm(deps, state)
    },
  }
}

/** Sets the timer for the first due room, unless one that is early enough is set. */
const arm = (deps: Deps, state: State) => {
  if (!state.enabled) return
  const atMs = Math.min(state.connectionDueAtMs, ...state.dueAtMs.values())
  // An early timer is kept: a busy room changes its due time with every message.
  if (state.timer !== undefined && state.timer.atMs <= atMs) return
  state.timer?.cancel()
  const cancel = deps.timers.after(Math.max(0, atMs - deps.timers.now()), () => {
    state.timer = undefined
    ask(deps, state).catch(throwLater)
  })
  state.timer = { atMs, cancel }
}

const ask = async (deps: Deps, state: State): Promise<void> => {
  const { timers, timings } = deps
  const now = timers.now()
  const isDue = (atMs: number) => atMs <= now + togetherMs
  const isAnyDue = [state.connectionDueAtMs, ...state.dueAtMs.values()].some((atMs) => atMs <= now)
  if (!isAnyDue) {
    arm(deps, state)
    return
  }
  const rooms = [...state.dueAtMs].filter(([, atMs]) => isDue(atMs)).map(([roomId]) => roomId)
  const asked = rooms.slice(0, deps.limits().roomsPerPing)
  for (const roomId of asked) state.dueAtMs.set(roomId, now + timings.keepAliveMs)
  state.connectionDueAtMs = now + timings.keepAliveMs
  arm(deps, state)
  try {
    const { heads } = await deps.calls.ping(asked.length > 0 ? { rooms: asked } : {})
    deps.onHeads(heads)
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    // Ask again soon. After a lost connection, the next one joins every room anyway.
    for (const roomId of asked)
      if (state.dueAtMs.has(roomId)) state.dueAtMs.set(roomId, timers.now() + timings.quietMs)
    arm(deps, state)
  }
}
