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
 * Asks for the heads of rooms that have fallen quiet: a lost last message leaves no hole that anyone could see.
 * The same pings keep the connection from idling, and find out that it is dead; and the server renews memberships
 * on them, so that there is one every `keepAliveMs` however busy the rooms are.
 */
export type QuietWatch = {
  /** There is a connection. */
  readonly start: () => void
  /** There is none: nothing is asked. */
  readonly stop: () => void
  /** Something was heard of this room just now. */
  readonly touch: (roomId: string) => void
  readonly forget: (roomId: string) => void
  /** Asks for all rooms at once: the machine may have slept. */
  readonly checkNow: () => void
}

type State = {
  readonly dueAtMs: Map<string, number>
  connectionDueAtMs: number
  enabled: boolean
  timer: { readonly atMs: number; readonly cancel: () => void } | undefined
}

/** Rooms that are due within this time go into one ping. */
const togetherMs = 1000

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

/** Sets the timer for the first room that is due, unless one that is early enough is set. */
const arm = (deps: Deps, state: State) => {
  if (!state.enabled) return
  const atMs = Math.min(state.connectionDueAtMs, ...state.dueAtMs.values())
  // A timer that is early is left alone: a busy room moves its time with every message.
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
    // Unanswered: soon again. If there is no connection any more, the next one begins with a join of every room.
    for (const roomId of asked)
      if (state.dueAtMs.has(roomId)) state.dueAtMs.set(roomId, timers.now() + timings.quietMs)
    arm(deps, state)
  }
}
