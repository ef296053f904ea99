import type { ChatClientError } from '../api/errors.ts'
import type { Cursor, Sent, UnsentMessage } from '../api/types.ts'
import type { Recent } from '../primitives/recent.ts'

/** A message to send. */
export type Draft = {
  readonly content: string
  readonly clientMessageId: string
  readonly attributes?: Readonly<Record<string, string>>
  /** Where the room stood when another client first tried to send this message, if one did. */
  readonly since?: Cursor
}

/** A message that was settled, in case that it is sent again: that is exact only if it goes on where this ended. */
export type EarlierTry = {
  readonly firstTry: FirstTry
  readonly inDoubt: boolean
  /** Where it stands, if it was acknowledged, or has come back from the room since. */
  readonly sent?: Sent
}

type FirstTry = {
  readonly since: Cursor
  /** Gaps in the room until then; undefined if nobody knows what has come in between. */
  readonly resets: number | undefined
}

/** A message on its way to the server. */
export type Outgoing = {
  readonly draft: Draft
  /** ISO 8601, UTC, by the clock of this device. */
  readonly queuedAt: string
  readonly outcome: PromiseWithResolvers<Sent>
  /** Set when it is first tried, and the same from then on: it is what makes a retry exact. */
  firstTry?: FirstTry
  /** It was sent, and there is no answer yet. */
  underWay: boolean
  /** An attempt was made whose outcome is not known. */
  inDoubt: boolean
  failures: number
  /** This attempt was brought forward. */
  hurried: boolean
  /** How often the server failed at it. */
  internalErrors: number
  /** How often the server held this connection for no member. */
  rejoins: number
  /** Its outcome is known; it is about to leave the queue. */
  settled: boolean
}

type Deps = {
  readonly roomId: string
  readonly earlierTries: Recent<EarlierTry>
  readonly on: { readonly unsent: () => void }
}

/** As new, or as what an earlier try has left of it: by this client, or by the one that the draft comes from. */
export const makeOutgoing = (deps: Deps, draft: Draft): Outgoing => {
  const earlier = deps.earlierTries.get(keyOf(deps, draft)) ?? elsewhere(draft)
  const item: Outgoing = {
    draft,
    queuedAt: new Date().toISOString(),
    outcome: Promise.withResolvers(),
    ...(earlier && { firstTry: earlier.firstTry }),
    underWay: false,
    inDoubt: earlier?.inDoubt ?? false,
    failures: 0,
    hurried: false,
    internalErrors: 0,
    rejoins: 0,
    settled: false,
  }
  if (earlier?.sent !== undefined) {
    item.settled = true
    item.outcome.resolve(earlier.sent)
  }
  return item
}

const elsewhere = ({ since }: Draft): EarlierTry | undefined =>
  since && { firstTry: { since, resets: undefined }, inDoubt: true }

/** Remembers it as well: who sends the same message once more is told where it stands. */
export const resolve = (deps: Deps, item: Outgoing, sent: Sent) => {
  const { draft, outcome, firstTry } = item
  if (firstTry !== undefined) deps.earlierTries.set(keyOf(deps, draft), { firstTry, inDoubt: false, sent })
  settle(deps, item)
  outcome.resolve(sent)
}

export const reject = (deps: Deps, item: Outgoing, error: ChatClientError): 'done' => {
  const { draft, outcome, firstTry, inDoubt } = item
  // After stale_cursor nothing can be told from the first try any more: who sends it again has looked.
  if (error.code === 'stale_cursor') deps.earlierTries.delete(keyOf(deps, draft))
  else if (firstTry !== undefined) deps.earlierTries.set(keyOf(deps, draft), { firstTry, inDoubt })
  settle(deps, item)
  outcome.reject(error)
  return 'done'
}

/** It stands in the room: this is remembered of a message that was settled before. */
export const remember = (deps: Deps, sent: Sent) => {
  const key = keyOf(deps, sent)
  const earlier = deps.earlierTries.get(key)
  if (earlier !== undefined) deps.earlierTries.set(key, { ...earlier, sent })
}

/** What an application sees of it. */
export const unsentOf = (
  { roomId }: Deps,
  { draft, queuedAt, firstTry, underWay, inDoubt }: Outgoing,
): UnsentMessage => ({
  roomId,
  clientMessageId: draft.clientMessageId,
  content: draft.content,
  ...(draft.attributes && { attributes: draft.attributes }),
  queuedAt,
  ...(firstTry && { since: firstTry.since }),
  inDoubt: underWay || inDoubt,
})

const settle = ({ on }: Deps, item: Outgoing) => {
  if (item.settled) return
  item.settled = true
  on.unsent()
}

const keyOf = ({ roomId }: Deps, { clientMessageId }: { readonly clientMessageId: string }): string =>
  `${roomId} ${clientMessageId}`
