import type { Timers } from '../api/timing.ts'
import { throwLater } from './rethrow.ts'

/** The next step follows immediately (`again`), when the loop is woken (`idle`), or after a wait. */
export type Next = 'again' | 'idle' | Wait

/** A wait before the next step, in ms. `hurry` ends it if it is `yielding`. */
export type Wait = { readonly waitMs: number; readonly yielding?: boolean }

/** A loop of asynchronous steps, at most one in flight. */
export type Loop = {
  /** Lets steps run, the first one immediately. Ends a wait. */
  readonly start: () => void
  /** Lets no further step begin. A step in flight continues, but a wait that it returns has no effect. */
  readonly stop: () => void
  /** Runs a step, because there is work. Does not end a wait. */
  readonly wake: () => void
  /** Ends a yielding wait. @returns false if there was none */
  readonly hurry: () => boolean
  /** Runs a step after a delay, because there may be work by then. */
  readonly wakeIn: (ms: number) => void
  /** Resolves when no step is in flight. */
  readonly settled: () => Promise<void>
}

type Deps = { readonly timers: Timers; readonly step: () => Promise<Next> }

/** Creates a loop that is stopped until `start`. */
export const makeLoop = ({ timers, step }: Deps): Loop => {
  let enabled = false
  let busy = false
  let running = Promise.resolve()
  let woken = false
  let cancelWait: (() => void) | undefined
  let isYielding = false
  let wasStopped = false

  const endWait = () => {
    cancelWait?.()
    cancelWait = undefined
    isYielding = false
  }
  const wait = (ms: number) => {
    cancelWait ??= timers.after(ms, () => {
      endWait()
      wake()
    })
  }
  const run = async (): Promise<void> => {
    busy = true
    try {
      while (enabled && woken) {
        woken = false
        wasStopped = false
        const next = await step()
        if (next === 'again') woken = true
        else if (next !== 'idle' && enabled && !wasStopped) {
          isYielding = next.yielding ?? false
          wait(next.waitMs)
          return
        }
      }
    } finally {
      busy = false
    }
  }
  const wake = () => {
    woken = true
    if (enabled && !busy && cancelWait === undefined) running = run().catch(throwLater)
  }

  return {
    start: () => {
      enabled = true
      endWait()
      wake()
    },
    stop: () => {
      enabled = false
      wasStopped = true
      endWait()
    },
    wake,
    hurry: () => {
      if (cancelWait === undefined || !isYielding) return false
      endWait()
      wake()
      return true
    },
    wakeIn: (ms) => {
      if (enabled && !busy) wait(ms)
      else woken = true
    },
    settled: () => running,
  }
}
