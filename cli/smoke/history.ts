import type { ChatClient } from '../../client/chat-client.ts'
import type { ChatMessage } from '../../protocol/server-frames.ts'
import { SmokeError } from './smoke-error.ts'

/** Messages per page: few, so that even a short history has several pages (our choice). */
const pageSize = 10

/** Reads a room's history from `head` down, page by page. @throws SmokeError if pages do not fit together */
export const readDown = async (client: Pick<ChatClient, 'history'>, roomId: string, head: number) => {
  const pages: (readonly ChatMessage[])[] = []
  let before = head + 1
  for (;;) {
    const { messages, more, floor } = await client.history(roomId, { before, limit: pageSize })
    for (const { seq } of messages.toReversed()) {
      if (seq !== before - 1) throw new SmokeError(`The history has ${seq} instead of ${before - 1}`)
      before = seq
    }
    pages.push(messages)
    if (!more) {
      if (before !== floor) throw new SmokeError(`The history ends at ${before}, and its floor is ${floor}`)
      return { messages: pages.toReversed().flat(), pages: pages.length, floor }
    }
    if (messages.length === 0) throw new SmokeError(`The history announces more below ${before} but has none`)
  }
}

/** Returns a percentile. @param values at least one, in any order */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}
