import { closeCodes, subprotocol, tokenSubprotocolPrefix } from '../core/protocol/codes.ts'
import type { DisconnectFrame, HelloFrame, MessagesFrame } from '../core/protocol/server-frames.ts'
import { askWhyRefused, authCheckUrl } from './auth-check.ts'
import type { Backoff } from './backoff.ts'
import { ChatClientError } from './chat-client-error.ts'
import type { Request } from './requests.ts'
import { openSession, type Push, type Session } from './session.ts'
import type { SocketConstructor } from './socket.ts'
import { throwLater } from './throw-later.ts'
import type { Timers } from './timers.ts'
import type { Timings } from './timings.ts'

export type ConnectionDeps = {
  readonly url: URL
  /** Where to ask why a connection was refused; `/auth-check` on the same host unless given. */
  readonly authCheckUrl: string | undefined
  readonly getToken: ((attempt: number) => string | Promise<string>) | undefined
  readonly WebSocket: SocketConstructor
  readonly fetch: typeof globalThis.fetch
  readonly timers: Timers
  readonly timings: Timings
  readonly backoff: Backoff
  readonly on: {
    /** An attempt begins; 1 is the first after a connection that lived. */
    readonly connecting: (attempt: number) => void
    readonly ready: (hello: HelloFrame) => void
    /** There is no connection; the next attempt begins in `retryInMs`. */
    readonly lost: (retryInMs: number) => void
    /** For good. */
    readonly closed: (reason: ChatClientError) => void
    readonly messages: (frame: MessagesFrame) => void
    readonly disconnect: (frame: DisconnectFrame) => void
    readonly error: (error: ChatClientError) => void
  }
}

/** Keeps a connection open for as long as it takes, one socket after the other. */
export type Connection = {
  readonly start: () => void
  /** For good; requests under way fail with `reason`. */
  readonly stop: (reason: ChatClientError) => void
  /** Ends a wait between two attempts: the network may be back. */
  readonly retryNow: () => void
  readonly request: Request
}

export const makeConnection = (deps: ConnectionDeps): Connection => {
  const state: State = { stopped: false, failures: 0, wasEverReady: false }
  return {
    start: () => begin(deps, state),
    stop: (reason) => stop(deps, state, reason),
    retryNow: () => {
      if (state.cancelRetry === undefined) return
      state.cancelRetry()
      begin(deps, state)
    },
    request: (frame, accepts) =>
      state.session === undefined || state.readyAtMs === undefined
        ? Promise.reject(new ChatClientError('disconnected', 'There is no connection.', { temporary: true }))
        : state.session.request(frame, accepts),
  }
}

type State = {
  stopped: boolean
  /** Attempts in a row that came to nothing, or did not live long. */
  failures: number
  wasEverReady: boolean
  session?: Session | undefined
  readyAtMs?: number | undefined
  /** The last token, if it was refused. */
  refused?: { readonly token: string; readonly reason: ChatClientError } | undefined
  /** Present while an attempt is waited for. */
  cancelRetry?: (() => void) | undefined
}

const begin = (deps: ConnectionDeps, state: State) => {
  attempt(deps, state).catch(throwLater)
}

const attempt = async (deps: ConnectionDeps, state: State): Promise<void> => {
  state.cancelRetry = undefined
  state.readyAtMs = undefined
  deps.on.connecting(state.failures + 1)
  const token = await askForToken(deps, state.failures + 1)
  if (state.stopped) return
  if (token instanceof ChatClientError) {
    deps.on.error(token)
    retryLater(deps, state)
  } else if (token !== undefined && !isSubprotocolToken(token)) {
    stop(deps, state, new ChatClientError('unauthorized', 'This is no token: it cannot even be offered.'))
  } else if (state.refused !== undefined && state.refused.token === token) {
    stop(deps, state, state.refused.reason)
  } else open(deps, state, token)
}

/** A WebSocket throws for a subprotocol with any other character; a JWT has none. */
const isSubprotocolToken = (token: string): boolean => /^[\w.~-]+$/.test(token)

const askForToken = async (
  { getToken }: ConnectionDeps,
  number: number,
): Promise<string | ChatClientError | undefined> => {
  try {
    return await getToken?.(number)
  } catch (error) {
    // Whatever the application's function throws, it has no token now; it is asked again.
    return new ChatClientError('unauthorized', 'getToken failed.', { temporary: true, cause: error })
  }
}

const open = (deps: ConnectionDeps, state: State, token: string | undefined) => {
  const { url, WebSocket, timers, timings, on } = deps
  state.session = openSession({
    WebSocket,
    url: url.href,
    protocols: token === undefined ? [subprotocol] : [subprotocol, tokenSubprotocolPrefix + token],
    timers,
    timings,
    on: {
      ready: (hello) => {
        state.readyAtMs = timers.now()
        state.wasEverReady = true
        state.refused = undefined
        on.ready(hello)
      },
      push: (push) => receive(deps, state, push),
      error: on.error,
      ended: ({ opened }) => {
        state.session = undefined
        if (state.stopped) return
        if (opened) retryLater(deps, state)
        else judgeRefusal(deps, state, token).catch(throwLater)
      },
    },
  })
}

const receive = (deps: ConnectionDeps, state: State, push: Push) => {
  if (push.type === 'messages') {
    deps.on.messages(push)
    return
  }
  deps.on.disconnect(push)
  const reason = new ChatClientError(
    closingCodes[push.code] ?? 'closed',
    `The server ended the connection: ${push.reason}.`,
    { status: push.code },
  )
  if (push.reconnect) state.session?.end(reasonToReconnect(push))
  else stop(deps, state, reason)
}

/** What a `disconnect` for good is called among the errors. */
const closingCodes: Readonly<Record<number, 'unauthorized' | 'forbidden' | 'rate_limited'>> = {
  [closeCodes.tokenExpired]: 'unauthorized',
  [closeCodes.kicked]: 'forbidden',
  [closeCodes.tooFast]: 'rate_limited',
}

const reasonToReconnect = ({ reason }: DisconnectFrame) =>
  new ChatClientError('disconnected', `The server asks to connect again: ${reason}.`, { temporary: true })

const judgeRefusal = async (deps: ConnectionDeps, state: State, token: string | undefined): Promise<void> => {
  const { fetch, url, timings } = deps
  const reason = await askWhyRefused({
    fetch,
    url: authCheckUrl(url, token, deps.authCheckUrl),
    timeoutMs: timings.connectTimeoutMs,
  })
  if (state.stopped) return
  const firstRefusal = state.refused === undefined
  const mayHaveGoneStale = reason?.code === 'unauthorized' && token !== undefined && firstRefusal
  // The server may still count connections of ours that are dead: that passes.
  const mayPass = reason?.code === 'rate_limited' && state.wasEverReady
  if (mayHaveGoneStale) {
    state.refused = { token, reason }
    begin(deps, state)
  } else if (reason === undefined || mayPass) retryLater(deps, state)
  else stop(deps, state, reason)
}

const retryLater = (deps: ConnectionDeps, state: State) => {
  const { timers, timings, backoff, on } = deps
  const lived = state.readyAtMs !== undefined && timers.now() - state.readyAtMs >= timings.stableMs
  state.failures = lived ? 1 : state.failures + 1
  const retryInMs = backoff(state.failures)
  state.cancelRetry = timers.after(retryInMs, () => begin(deps, state))
  on.lost(retryInMs)
}

const stop = (deps: ConnectionDeps, state: State, reason: ChatClientError) => {
  if (state.stopped) return
  state.stopped = true
  state.cancelRetry?.()
  state.session?.end(reason)
  deps.on.closed(reason)
}
