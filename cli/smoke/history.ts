import type { ChatClient } from '../../client/chat-client.ts'
import type { ChatMessage } from '../../protocol/server-frames.ts'
import { SmokeError } from './smoke-error.ts'

/** So small that there is more than one page even of a few messages. */
const pageSize = 10

/** All that a room has up to `head`, read page by page from there down. @throws SmokeError pages that do not fit together */
export const readDown = async (client: Pick<ChatClient, 'history'>, roomId: string, head: number) => {
  const pages: (readonly ChatMessage[])[] = []
  let before = head + 1
  for (;;) {
    const { messages, more, floor } = await client.history(roomId, { before, limit: pageSize })
    for (const { seq } of messages.toReversed()) {
      if (seq !== before - 1) throw new SmokeError(`The history has ${seq} where ${before - 1} is due`)
      before = seq
    }
    pages.push(messages)
    if (!more) {
      if (before !== floor) throw new SmokeError(`The history ends at ${before}, and its floor is ${floor}`)
      return { messages: pages.toReversed().flat(), pages: pages.length, floor }
    }
    if (messages.length === 0)
      throw new SmokeError(`The history promises more below ${before} and has nothing`)
  }
}

/** The value that so many of 100 do not exceed. @param values at least one, in any order */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}
