import { subprotocol, tokenSubprotocolPrefix } from '../../protocol/codes.ts'
import type { DisconnectFrame, HelloFrame, MessagesFrame } from '../../protocol/server-frames.ts'
import { ChatClientError, connectionLost, errorOfDisconnect } from '../api/errors.ts'
import type { Timers, Timings } from '../api/timing.ts'
import { throwLater } from '../primitives/rethrow.ts'
import { askWhyRefused, authCheckUrl } from './refusal.ts'
import type { Request } from './requests.ts'
import { openSession, type Push, type Session } from './session.ts'
import type { SocketConstructor } from './socket.ts'

export type DialDeps = {
  readonly url: URL
  /** Where to ask why a connection was refused. */
  readonly authCheckPlace: URL
  readonly getToken: ((attempt: number) => string | Promise<string>) | undefined
  readonly WebSocket: SocketConstructor
  readonly fetch: typeof globalThis.fetch
  readonly timers: Timers
  readonly timings: Timings
}

/** A connection whose server has said hello. */
export type Link = {
  readonly hello: HelloFrame
  readonly request: Request
  /** When it began to be opened, on the clock of `timers`: the server counts its age from no earlier moment. */
  readonly begunAtMs: number
  readonly readyAtMs: number
  /** Ends it at once; requests under way fail with `reason`. */
  readonly end: (reason: ChatClientError) => void
  /** Ends it once the requests under way have their replies, or have waited for them as long as they may. */
  readonly retire: () => void
}

export type LinkEvents = {
  readonly messages: (frame: MessagesFrame) => void
  readonly error: (error: ChatClientError) => void
  /** The server is about to end the connection. */
  readonly disconnect: (link: Link, frame: DisconnectFrame) => void
  /** Called once. */
  readonly ended: (link: Link) => void
}

/** The server, or what it would be offered, leaves no hope for this token. */
export type Refusal = {
  readonly kind: 'refused'
  readonly token: string | undefined
  readonly error: ChatClientError
}

/** Why there is no connection: refused, no token to be had now, or the network's fault. */
export type Failure =
  | Refusal
  | { readonly kind: 'tokenless'; readonly error: ChatClientError }
  | { readonly kind: 'unreachable' }

type Options = {
  readonly deps: DialDeps
  /** 1 is the first of a row: what `getToken` is told. */
  readonly attempt: number
  /** A token that need not be offered again. */
  readonly refused?: Refusal | undefined
  /** Either `ready` or `failed` is called, once. */
  readonly on: LinkEvents & {
    readonly ready: (link: Link) => void
    readonly failed: (failure: Failure) => void
  }
}

/** One try to have a connection. */
export type Dialing = {
  /** Nothing is told of it any more, and nothing of it stays open. */
  readonly giveUp: (reason: ChatClientError) => void
}

/** Asks for a token, opens a socket with it, and waits for the server's hello. Who wants another try dials again. */
export const dial = ({ deps, attempt, refused, on }: Options): Dialing => {
  let session: Session | undefined
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
      const error = new ChatClientError('unauthorized', 'This is no token: it cannot even be offered.')
      fail({ kind: 'refused', token, error })
    } else session = open(token)
  }
  const open = (token: string | undefined): Session => {
    const begunAtMs = deps.timers.now()
    let link: Link | undefined
    const opened = openSession({
      ...deps,
      url: deps.url.href,
      protocols: token === undefined ? [subprotocol] : [subprotocol, tokenSubprotocolPrefix + token],
      on: {
        ready: (hello) => {
          // The server may have said goodbye in the same breath.
          if (isOver) return
          isOver = true
          link = { hello, ...opened, begunAtMs, readyAtMs: deps.timers.now() }
          on.ready(link)
        },
        push: (push) => receive(push, link, token),
        error: on.error,
        ended: (end) => {
          if (link !== undefined) on.ended(link)
          else if (end.opened || isOver) fail({ kind: 'unreachable' })
          else askWhy(deps, token).then(fail).catch(throwLater)
        },
      },
    })
    return opened
  }
  const receive = (push: Push, link: Link | undefined, token: string | undefined) => {
    if (push.type === 'messages') on.messages(push)
    else if (link !== undefined) on.disconnect(link, push)
    else {
      const error = errorOfDisconnect(push)
      fail(push.reconnect ? { kind: 'unreachable' } : { kind: 'refused', token, error })
      session?.end(connectionLost())
    }
  }
  begin().catch(throwLater)
  return {
    giveUp: (reason) => {
      isOver = true
      session?.end(reason)
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
    // Whatever the application's function throws, it has no token now; it is asked again.
    return new ChatClientError('unauthorized', 'getToken failed.', { temporary: true, cause: error })
  }
}

/** A WebSocket throws for a subprotocol with any other character; a JWT has none. */
const isSubprotocolToken = (token: string): boolean => /^[\w.~-]+$/.test(token)

const askWhy = async (deps: DialDeps, token: string | undefined): Promise<Failure> => {
  const error = await askWhyRefused({
    fetch: deps.fetch,
    url: authCheckUrl(deps.authCheckPlace, deps.url, token),
    timeoutMs: deps.timings.connectTimeoutMs,
  })
  return error === undefined ? { kind: 'unreachable' } : { kind: 'refused', token, error }
}
