import type { Timers } from '../api/timing.ts'
import { throwLater } from './rethrow.ts'

/** What to do after a step: the next one at once, nothing until woken, or the next one after a wait. */
export type Next = 'again' | 'idle' | Wait

/** `yielding`: `hurry` ends it. */
export type Wait = { readonly waitMs: number; readonly yielding?: boolean }

export type Loop = {
  /** Lets steps run, the first one at once. Ends a wait. */
  readonly start: () => void
  /** Lets no further step begin. A step in flight is left to its fate; what it says of waiting is void. */
  readonly stop: () => void
  /** There is work. Does not cut a wait short. */
  readonly wake: () => void
  /** Ends a wait that is yielding; whether there was one. */
  readonly hurry: () => boolean
  /** There may be work by then. */
  readonly wakeIn: (ms: number) => void
  /** Resolves when no step is in flight, which is at once where none is. */
  readonly settled: () => Promise<void>
}

type Deps = { readonly timers: Timers; readonly step: () => Promise<Next> }

/** Runs `step` again and again while there is work, never two at the same time; it is stopped at first. */
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
