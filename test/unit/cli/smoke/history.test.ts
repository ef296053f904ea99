import { describe, expect, it } from 'vitest'
import { readDown } from '../../../../cli/smoke/history.ts'
import type { ChatClient } from '../../../../client/chat-client.ts'
import type { ChatMessage } from '../../../../protocol/server-frames.ts'

const message = (seq: number): ChatMessage => ({
  seq,
  kind: 'text',
  messageId: `m${seq}`,
  sender: { userId: 'ada' },
  content: `${seq}`,
  sentAt: '2026-11-22T11:04:05.123Z',
})

/** A room whose messages are these, and that says of itself what a test wants it to say. */
const roomWith = (seqs: readonly number[], { floor = seqs[0] ?? 1, promisesMore = false } = {}) => {
  const history: ChatClient['history'] = async (
    roomId,
    { before = Number.POSITIVE_INFINITY, limit = 10 } = {},
  ) => {
    const below = seqs.filter((seq) => seq < before)
    return {
      roomId,
      epoch: 'e',
      floor,
      messages: below.slice(-limit).map(message),
      more: promisesMore || below.length > limit,
    }
  }
  return { history }
}
const from = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

describe('reading a history down', () => {
  it('collects every page down to the floor, ascending', async () => {
    const { messages, pages, floor } = await readDown(roomWith(from(5, 31)), 'general', 31)
    expect(messages.map(({ seq }) => seq)).toEqual(from(5, 31))
    expect({ pages, floor }).toEqual({ pages: 3, floor: 5 })
  })

  it('refuses a hole, a repeat, another floor, and a promise of more that is not kept', async () => {
    const hole = roomWith([...from(1, 10), ...from(12, 20)])
    await expect(readDown(hole, 'general', 20)).rejects.toThrow('The history has 10 instead of 11')
    const repeat = roomWith([1, 2, 2, 3])
    await expect(readDown(repeat, 'general', 3)).rejects.toThrow('The history has 2 instead of 1')
    const floor = roomWith(from(3, 9), { floor: 1 })
    await expect(readDown(floor, 'general', 9)).rejects.toThrow('ends at 3, and its floor is 1')
    const promise = roomWith(from(1, 9), { promisesMore: true })
    await expect(readDown(promise, 'general', 9)).rejects.toThrow('announces more below 1')
  })
})
