import type { ChatClientError } from '../api/errors.ts'
import type { Cursor, Sent, UnsentMessage } from '../api/types.ts'
import type { Recent } from '../primitives/recent.ts'

/** A message to send. */
export type Draft = {
  readonly content: string
  readonly clientMessageId: string
  readonly attributes?: Readonly<Record<string, string>>
  /** Cursor of the room when another client first tried to send this message, if one did. */
  readonly since?: Cursor
}

/** State of a settled message, with which a later send of the same message continues exactly. */
export type EarlierTry = {
  readonly firstTry: FirstTry
  readonly inDoubt: boolean
  /** Its place in the room, if it was acknowledged or recognised. */
  readonly sent?: Sent
}

type FirstTry = {
  readonly since: Cursor
  /** Value of `resets` at the first try; undefined if messages since then may be unknown. */
  readonly resets: number | undefined
}

/** A message on its way to the server. */
export type Outgoing = {
  readonly draft: Draft
  /** ISO 8601, UTC, by the clock of this device. */
  readonly queuedAt: string
  readonly outcome: PromiseWithResolvers<Sent>
  /** Set at the first try and unchanged afterwards, which makes a retry exact. */
  firstTry?: FirstTry
  /** True while an attempt has no answer yet. */
  underWay: boolean
  /** True if the outcome of an attempt is unknown. */
  inDoubt: boolean
  failures: number
  /** True if `hurry` brought this attempt forward. */
  hurried: boolean
  /** Number of `internal` errors. */
  internalErrors: number
  /** Number of `not_a_member` errors. */
  rejoins: number
  /** True once the outcome is known; the message is about to leave the queue. */
  settled: boolean
}

type Deps = {
  readonly roomId: string
  readonly earlierTries: Recent<EarlierTry>
  readonly on: { readonly unsent: () => void }
}

/** Creates a queued message, continuing an earlier try of this client or of the client that the draft comes from. */
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

/** Resolves a message and remembers its place for a later send of the same message. */
export const resolve = (deps: Deps, item: Outgoing, sent: Sent) => {
  const { draft, outcome, firstTry } = item
  if (firstTry !== undefined) deps.earlierTries.set(keyOf(deps, draft), { firstTry, inDoubt: false, sent })
  settle(deps, item)
  outcome.resolve(sent)
}

/** Rejects a message and remembers its first try for a later send of the same message. */
export const reject = (deps: Deps, item: Outgoing, error: ChatClientError): 'done' => {
  const { draft, outcome, firstTry, inDoubt } = item
  // After stale_cursor the first try is useless: an application that sends it again has looked at the history.
  if (error.code === 'stale_cursor') deps.earlierTries.delete(keyOf(deps, draft))
  else if (firstTry !== undefined) deps.earlierTries.set(keyOf(deps, draft), { firstTry, inDoubt })
  settle(deps, item)
  outcome.reject(error)
  return 'done'
}

/** Remembers the place of a message that was settled earlier and then recognised in the room. */
export const remember = (deps: Deps, sent: Sent) => {
  const key = keyOf(deps, sent)
  const earlier = deps.earlierTries.get(key)
  if (earlier !== undefined) deps.earlierTries.set(key, { ...earlier, sent })
}

/** Returns the public form of a queued message. */
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
