import { subprotocol, tokenSubprotocolPrefix } from '../../protocol/codes.ts'
import type { DisconnectFrame, MessagesFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'
import type { Timers, Timings } from '../api/timing.ts'
import type { SocketConstructor } from '../api/types.ts'
import { throwLater } from '../primitives/rethrow.ts'
import { connectionLost, errorOfDisconnect } from './frame-errors.ts'
import { authCheckRequestUrl, fetchRefusal } from './refusal.ts'
import { openSession, type Push, type Session } from './session.ts'

/** Dependencies of `dial`. */
export type DialDeps = {
  /** Address of the WebSocket API. */
  readonly url: URL
  /** Endpoint that tells why a connection was refused. */
  readonly authCheckUrl: URL
  /** Returns the token for an attempt; undefined in open mode. */
  readonly getToken: ((attempt: number) => string | Promise<string>) | undefined
  readonly WebSocket: SocketConstructor
  readonly fetch: typeof globalThis.fetch
  readonly timers: Timers
  readonly timings: Timings
}

/** Listeners of a session. */
export type SessionEvents = {
  /** Messages were pushed. */
  readonly messages: (frame: MessagesFrame) => void
  /** An error occurred that belongs to no request. */
  readonly error: (error: ChatClientError) => void
  /** The server announced the end of the session. */
  readonly disconnect: (session: Session, frame: DisconnectFrame) => void
  /** The session has ended. Called once. */
  readonly ended: (session: Session) => void
}

/** The server refused the token, or the token cannot even be offered. Trying it again is useless. */
export type Refusal = {
  readonly kind: 'refused'
  readonly token: string | undefined
  readonly error: ChatClientError
}

/** Why an attempt failed: it was refused, `getToken` failed, or the server could not be reached. */
export type Failure =
  | Refusal
  | { readonly kind: 'tokenless'; readonly error: ChatClientError }
  | { readonly kind: 'unreachable' }

type Options = {
  readonly deps: DialDeps
  /** Number of the attempt in a row, from 1; passed to `getToken`. */
  readonly attempt: number
  /** Last refusal: its token is not offered again. */
  readonly refused?: Refusal | undefined
  /** Listeners; either `ready` or `failed` is called, once. */
  readonly on: SessionEvents & {
    readonly ready: (session: Session) => void
    readonly failed: (failure: Failure) => void
  }
}

/** An attempt to connect. */
export type PendingDial = {
  /** Ends the attempt: no listener is called afterwards and its socket closes. */
  readonly giveUp: (reason: ChatClientError) => void
}

/** Makes one attempt: gets a token, opens a WebSocket with it, and waits for the server's hello. */
export const dial = ({ deps, attempt, refused, on }: Options): PendingDial => {
  let opened: Pick<Session, 'end'> | undefined
  let isOver = false
  const fail = (failure: Failure) => {
    if (isOver) return
    isOver = true
    on.failed(failure)
  }
  const begin = async () => {
    const token = await askForToken(deps, attempt)
    if (isOver) return
    if (token instanceof ChatClientError) fail({ kind: 'tokenless', error: token })
    else if (token !== undefined && refused?.token === token) fail(refused)
    else if (token !== undefined && !isSubprotocolToken(token)) {
      const error = new ChatClientError(
        'unauthorized',
        'getToken returned a text that is not a JWT. Return a JWT.',
      )
      fail({ kind: 'refused', token, error })
    } else opened = open(token)
  }
  const open = (token: string | undefined): Pick<Session, 'end'> => {
    let session: Session | undefined
    return openSession({
      ...deps,
      url: deps.url.href,
      protocols: token === undefined ? [subprotocol] : [subprotocol, tokenSubprotocolPrefix + token],
      on: {
        ready: (readySession) => {
          // A `disconnect` frame may have arrived together with the hello.
          if (isOver) return
          isOver = true
          session = readySession
          on.ready(session)
        },
        push: (push) => receive(push, session, token),
        error: on.error,
        ended: (end) => {
          if (session !== undefined) on.ended(session)
          else if (end.opened || isOver) fail({ kind: 'unreachable' })
          else explainFailure(deps, token).then(fail).catch(throwLater)
        },
      },
    })
  }
  const receive = (push: Push, session: Session | undefined, token: string | undefined) => {
    if (push.type === 'messages') on.messages(push)
    else if (session !== undefined) on.disconnect(session, push)
    else {
      const error = errorOfDisconnect(push)
      fail(push.reconnect ? { kind: 'unreachable' } : { kind: 'refused', token, error })
      opened?.end(connectionLost())
    }
  }
  begin().catch(throwLater)
  return {
    giveUp: (reason) => {
      isOver = true
      opened?.end(reason)
    },
  }
}

const askForToken = async (
  { getToken }: DialDeps,
  number: number,
): Promise<string | ChatClientError | undefined> => {
  try {
    return await getToken?.(number)
  } catch (error) {
    // The application has no token now, whatever its function throws; the next attempt asks again.
    return new ChatClientError('unauthorized', 'getToken failed; see the cause.', {
      temporary: true,
      cause: error,
    })
  }
}

/** Tells whether a token can be a subprotocol. A WebSocket throws for other characters, which no JWT contains. */
const isSubprotocolToken = (token: string): boolean => /^[\w.~-]+$/.test(token)

const explainFailure = async (deps: DialDeps, token: string | undefined): Promise<Failure> => {
  const error = await fetchRefusal({
    fetch: deps.fetch,
    url: authCheckRequestUrl(deps.authCheckUrl, deps.url, token),
    timeoutMs: deps.timings.connectTimeoutMs,
  })
  return error === undefined ? { kind: 'unreachable' } : { kind: 'refused', token, error }
}
