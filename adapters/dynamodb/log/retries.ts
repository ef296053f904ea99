import type { Appended, Draft } from '../../../core/domain/entry.ts'
import { expiredSince, searchAfter } from '../../../core/domain/retry-window.ts'
import { ChatError } from '../../../protocol/chat-error.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { keyOf, type Tail, type TailEnd } from './tail.ts'
import type { TailReader } from './tail-reader.ts'

type Deps = { readonly reader: TailReader; readonly limits: Limits }

type Verdict = 'new' | Appended | ChatError

/**
 * Tells whether earlier tries of drafts are in the log, having seen every entry after the `since` of each: `new` if
 * not, what was stored if so, ChatError `stale_cursor` where there is no telling.
 *
 * @param tail the end of the log as readers see it, read just now if `positionAfter` refuses the `since` of one;
 * undefined while there is nothing to be seen
 */
export type JudgeRetries = (drafts: readonly Draft[], tail: Tail | undefined) => Promise<readonly Verdict[]>

export const makeJudgeRetries =
  ({ reader, limits }: Deps): JudgeRetries =>
  async (drafts, tail) => {
    const searches = drafts.map((draft) => searchFor(draft, tail, limits))
    const [first] = drafts
    if (tail === undefined || first === undefined) return searches.map(withoutLog)

    // Once for all of them: as far back as the one that asks for most, and each run that holds an answer.
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
      // It may have been stored and have expired. Without `since`, what is still there is all that is promised.
      const seenAll = tail.from() <= search.after + 1 && position === undefined
      return seenAll || !search.exact ? 'new' : expiredSince()
    })
  }

/** What to look for: nothing, where the answer is known without the log; or a key, after a position. */
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

/** Position after which an entry may be an earlier try of this draft; ChatError `stale_cursor` if `since` does not fit. */
export const positionAfter = (
  draft: Draft,
  present: TailEnd | undefined,
  limits: Limits,
): number | ChatError => {
  const { epoch, base, end } = present ?? { epoch: null, base: 0, end: 0 }
  const after = searchAfter(draft, { epoch, seq: end - base }, limits)
  return after instanceof ChatError ? after : base + after
}
