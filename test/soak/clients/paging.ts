import type { ChatMessage } from '../../../protocol/server-frames.ts'
import type { Span, Stretch } from '../journal-lines.ts'

type Page = {
  readonly epoch: string | null
  readonly floor: number
  readonly messages: readonly ChatMessage[]
  readonly more: boolean
}

/** @param before undefined: the newest page */
export type FetchPage = (before: number | undefined) => Promise<Page>

export type PagedBack = Stretch &
  Span & {
    /** As the last page told it. */
    readonly floor: number
    /** What is not as it should be between the pages; undefined if all is well. */
    readonly problem: string | undefined
  }

/** Reads all of a room's present epoch from its end down to its floor. Rejects with whatever `fetchPage` rejects with. */
export const pageBack = async (fetchPage: FetchPage): Promise<PagedBack> => {
  const askedAtMs = Date.now()
  const ids: string[] = []
  let from: number | undefined
  let problem: string | undefined
  for (;;) {
    const page = await fetchPage(from)
    problem ??= problemOf(page, from)
    ids.unshift(...page.messages.map(({ messageId }) => messageId))
    from = page.messages[0]?.seq ?? from
    if (!page.more || problem !== undefined) {
      const { epoch, floor } = page
      return { epoch, from: from ?? 1, ids, floor, askedAtMs, answeredAtMs: Date.now(), problem }
    }
  }
}

/** What is wrong with a page that was asked for before a seq. */
const problemOf = ({ messages, more }: Page, before: number | undefined): string | undefined => {
  const seqs = messages.map(({ seq }) => seq)
  const first = (before ?? (seqs.at(-1) ?? 0) + 1) - seqs.length
  const isInRow = seqs.every((seq, index) => seq === first + index)
  if (isInRow && (seqs.length > 0 || !more)) return undefined
  return `before ${before ?? 'the end'} came ${seqs.join(' ') || 'nothing'}`
}
