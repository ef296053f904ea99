import type { Appended, Draft } from '../../../core/domain/entry.ts'
import { expiredSince, searchAfter } from '../../../core/domain/retry-window.ts'
import { ChatError } from '../../../protocol/chat-error.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { keyOf, type Tail, type TailEnd } from './tail.ts'
import type { TailReader } from './tail-reader.ts'

type Deps = { readonly reader: TailReader; readonly limits: Limits }

type Verdict = 'new' | Appended | ChatError

/**
 * Looks for earlier tries of drafts among all entries after the `since` of each. The verdict is `new`, the stored entry, or
 * ChatError `stale_cursor` if neither is certain.
 *
 * @param tail end of the log as readers see it, read just now if `positionAfter` refuses a `since`; undefined if empty
 */
export type JudgeRetries = (drafts: readonly Draft[], tail: Tail | undefined) => Promise<readonly Verdict[]>

/** Creates `JudgeRetries` for one log. */
export const makeJudgeRetries =
  ({ reader, limits }: Deps): JudgeRetries =>
  async (drafts, tail) => {
    const searches = drafts.map((draft) => searchFor(draft, tail, limits))
    const [first] = drafts
    if (tail === undefined || first === undefined) return searches.map(withoutLog)

    // One read for all drafts: back to the earliest position, and each run that contains an answer.
    const starts = searches.flatMap((search) => ('after' in search ? [search.after + 1] : []))
    if (starts.length > 0) await reader.reachBack(first.roomId, tail, Math.min(...starts))
    const positions = searches.map((search) =>
      'after' in search ? tail.find(search.key, search.after) : undefined,
    )
    const known = positions.filter((position) => position !== undefined)
    const entries = await reader.entriesAt(first.roomId, tail, known)

    return searches.map((search, index): Verdict => {
      if (!('after' in search)) return withoutLog(search)
      const position = positions[index]
      const entry = position === undefined ? undefined : entries.get(position)
      if (entry !== undefined) return { epoch: tail.last().epoch, entry, duplicate: true }
      // The entry may have expired. Without `since`, only existing entries count.
      const seenAll = tail.from() <= search.after + 1 && position === undefined
      return seenAll || !search.exact ? 'new' : expiredSince()
    })
  }

/** Search for a draft: a verdict that needs no search, or a key to find after a position. */
type Search =
  | { readonly verdict: 'new' | ChatError }
  | { readonly key: string; readonly after: number; readonly exact: boolean }

const searchFor = (draft: Draft, tail: Tail | undefined, limits: Limits): Search => {
  const key = keyOf(draft)
  if (key === undefined) return { verdict: 'new' }
  const after = positionAfter(draft, tail?.last(), limits)
  return after instanceof ChatError ? { verdict: after } : { key, after, exact: draft.since !== undefined }
}

const withoutLog = (search: Search): Verdict => ('verdict' in search ? search.verdict : 'new')

/** Returns the position after which an earlier try may lie, or ChatError `stale_cursor` if `since` does not fit. */
export const positionAfter = (
  draft: Draft,
  present: TailEnd | undefined,
  limits: Limits,
): number | ChatError => {
  const { epoch, base, end } = present ?? { epoch: null, base: 0, end: 0 }
  const after = searchAfter(draft, { epoch, seq: end - base }, limits)
  return after instanceof ChatError ? after : base + after
}
