import type { ChatClientError } from '../api/errors.ts'
import { connectionLost, errorOfDisconnect } from '../api/errors.ts'
import type { Backoff } from '../api/timing.ts'
import { type DialDeps, type Dialing, dial, type Failure, type Link, type LinkEvents } from './dial.ts'

export type ChangeDeps = DialDeps & {
  readonly backoff: Backoff
  /** From 0 up to, but not including, 1. */
  readonly random: () => number
  readonly on: LinkEvents & {
    /** The second connection is there: prepare it, then `take` it. */
    readonly ready: (link: Link) => void
    /** It is gone, before it was taken; another one will be tried. */
    readonly lost: () => void
  }
}

/**
 * Opens a second connection before the server ends the present one for its age, so that the one can take the
 * place of the other without a moment in between. What goes wrong with it leaves the present one alone.
 */
export type Change = {
  /** Will begin before this connection, the present one from now on, comes of age. */
  readonly plan: (present: Link) => void
  /** Begins now, unless it has begun: then a wait between two attempts ends. */
  readonly begin: () => void
  /** The second connection, if it is ready: it is the caller's now. */
  readonly take: () => Link | undefined
  /** The present connection has ended, or is not wanted any more: there is nothing to change. */
  readonly cancel: (reason: ChatClientError) => void
  /** The same, for good. */
  readonly stop: (reason: ChatClientError) => void
}

type State = {
  stopped: boolean
  failures: number
  cancelWait: (() => void) | undefined
  dialing: Dialing | undefined
  next: Link | undefined
}

export const makeChange = (deps: ChangeDeps): Change => {
  const state: State = {
    stopped: false,
    failures: 0,
    cancelWait: undefined,
    dialing: undefined,
    next: undefined,
  }
  const endWait = () => {
    state.cancelWait?.()
    state.cancelWait = undefined
  }
  const cancel = (reason: ChatClientError) => {
    endWait()
    const { dialing, next } = state
    state.dialing = undefined
    state.next = undefined
    dialing?.giveUp(reason)
    next?.end(reason)
  }
  return {
    plan: (present) => {
      endWait()
      if (state.stopped) return
      state.failures = 0
      const waitMs = timeToChange(deps, present)
      if (waitMs !== undefined) state.cancelWait = deps.timers.after(waitMs, () => begin(deps, state))
    },
    begin: () => {
      if (state.dialing !== undefined || state.next !== undefined) return
      endWait()
      begin(deps, state)
    },
    take: () => {
      const { next } = state
      state.next = undefined
      return next
    },
    cancel,
    stop: (reason) => {
      state.stopped = true
      cancel(reason)
    },
  }
}

/** The longest that a timer of a browser or of Node can run: 2^31 - 1 ms, or 24.8 days. A longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1

/** ms to wait: to somewhere between two shares of its age, so that clients that came together do not leave so. */
const timeToChange = ({ timers, timings, random }: ChangeDeps, { hello, begunAtMs }: Link) => {
  const ageMs = (hello.maxAgeSeconds ?? 0) * 1000
  if (ageMs <= 0) return undefined
  const { changeEarliestShare, changeLatestShare } = timings
  const share = changeEarliestShare + random() * (changeLatestShare - changeEarliestShare)
  return Math.min(Math.max(0, begunAtMs + share * ageMs - timers.now()), maxTimerMs)
}

const begin = (deps: ChangeDeps, state: State) => {
  const { on } = deps
  state.cancelWait = undefined
  if (state.stopped) return
  const dialing = dial({
    deps,
    attempt: state.failures + 1,
    on: {
      ...on,
      ready: (link) => {
        state.dialing = undefined
        state.next = link
        on.ready(link)
      },
      failed: (failure) => {
        state.dialing = undefined
        report(deps, failure)
        retryLater(deps, state)
      },
      disconnect: (link, frame) => {
        if (link !== state.next) {
          on.disconnect(link, frame)
          return
        }
        // Only on the present connection it is a word to the whole client.
        if (!frame.reconnect) on.error(errorOfDisconnect(frame))
        link.end(connectionLost())
      },
      ended: (link) => {
        if (link !== state.next) {
          on.ended(link)
          return
        }
        state.next = undefined
        on.lost()
        retryLater(deps, state)
      },
    },
  })
  // Whoever was asked for the token may have closed the client at once.
  if (state.stopped) dialing.giveUp(connectionLost())
  else state.dialing = dialing
}

/** That the network fails is no news worth a word, as long as there is a connection. */
const report = ({ on }: ChangeDeps, failure: Failure) => {
  if (failure.kind !== 'unreachable') on.error(failure.error)
}

const retryLater = (deps: ChangeDeps, state: State) => {
  if (state.stopped) return
  state.failures += 1
  state.cancelWait = deps.timers.after(deps.backoff(state.failures), () => begin(deps, state))
}
