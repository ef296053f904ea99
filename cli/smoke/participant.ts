import { type ChatClient, makeChatClient } from '../../client/chat-client.ts'
import type { ChatMessage } from '../../protocol/server-frames.ts'
import { SmokeError } from './smoke-error.ts'
import { makeWire, type Refusal, type Wire } from './wire.ts'

type Options = {
  /** Name in the output: `A` or `B`. */
  readonly name: string
  readonly url: string
  readonly identity: { readonly token: string } | { readonly userId: string }
}

/** One of the two users: an SDK client with everything that it and its wire have seen. */
export type Participant = {
  readonly name: string
  readonly client: ChatClient
  readonly wire: Wire
  /** Messages that the client delivered, in order. */
  readonly received: readonly ChatMessage[]
  /** Epoch of the last message; null before the first. */
  readonly epoch: () => string | null
  /** Returns the last temporary failure to connect; undefined if there was none. */
  readonly lastAnswer: () => string | undefined
  /** Returns the number of `recovered` events. */
  readonly recoveries: () => number
  /** Waits until a condition holds. @throws SmokeError if it can no longer hold */
  readonly until: (condition: () => boolean) => Promise<void>
}

export const makeParticipant = ({ name, url, identity }: Options): Participant => {
  const received: ChatMessage[] = []
  const waits = makeWaits()
  let recoveries = 0
  let lastEpoch: string | null = null
  let lastAnswer: string | undefined
  const fail = (reason: string) => waits.fail(new SmokeError(`${name}: ${reason}`))
  const wire = makeWire({
    change: waits.look,
    refused: (refusal) => {
      if (isFinal(refusal)) fail(`${refusalText(url, refusal)}${hintOf(refusal, identity)}`)
      else lastAnswer = `${refusal.status}, ${refusal.reason}`
    },
  })
  const client = makeChatClient({
    url,
    ...('token' in identity ? { getToken: () => identity.token } : { userId: identity.userId }),
    WebSocket: wire.WebSocket,
    // The client would call /auth-check, which not every deployment has on this host; the wire knows the reason as well.
    fetch: () => Promise.reject(new TypeError('Not asked')),
  })
  client.on('message', ({ epoch, message }) => {
    lastEpoch = epoch
    received.push(message)
    waits.look()
  })
  client.on('recovered', () => {
    recoveries++
    waits.look()
  })
  client.on('state', (now) => {
    if (now.status === 'closed' && now.reason.code !== 'closed') fail(now.reason.message)
    waits.look()
  })
  client.on('reset', () => fail('the server no longer has the missed messages'))
  client.on('left', ({ error }) => fail(`is out of the room: ${error.message}`))
  client.on('disconnect', ({ code, reason }) => fail(`the server ended the connection: ${reason} (${code})`))
  return {
    name,
    client,
    wire,
    received,
    epoch: () => lastEpoch,
    lastAnswer: () => lastAnswer,
    recoveries: () => recoveries,
    until: waits.until,
  }
}

/** Tells whether a refusal may pass: a starting gateway or function may answer 5xx, and the client tries again. */
const isFinal = ({ status }: Refusal): boolean => status === undefined || status < 500

const refusalText = (url: string, { status, reason }: Refusal): string =>
  status === undefined ? `${url} cannot be reached: ${reason}` : `${url} refuses: ${status}, ${reason}`

/** Describes a refusal; a 401 only means that there is no valid token. */
const hintOf = ({ status }: Refusal, identity: Options['identity']): string => {
  if (status !== 401) return ''
  return 'token' in identity
    ? ": is the token signed with the deployment's secret, or by its issuer, and not expired?"
    : ': give --token or --secret, or set CHAT_TOKEN or AUTH_SECRET'
}

type Wait = { readonly condition: () => boolean; readonly settle: PromiseWithResolvers<void> }

const makeWaits = () => {
  const waiting = new Set<Wait>()
  let failure: SmokeError | undefined
  return {
    /** Checks the conditions again, because something has happened. */
    look: () => {
      for (const wait of waiting) {
        if (!wait.condition()) continue
        waiting.delete(wait)
        wait.settle.resolve()
      }
    },
    /** Fails all waits. */
    fail: (error: SmokeError) => {
      failure ??= error
      for (const { settle } of waiting) settle.reject(failure)
      waiting.clear()
    },
    until: (condition: () => boolean): Promise<void> => {
      if (failure !== undefined) return Promise.reject(failure)
      if (condition()) return Promise.resolve()
      const settle = Promise.withResolvers<void>()
      waiting.add({ condition, settle })
      return settle.promise
    },
  }
}
