import { describe, expect, it } from 'vitest'
import { systemTimers } from '../../../../client/api/timing.ts'
import { makeInbox } from '../../../../client/rooms/inbox.ts'

const page = { roomId: 'general', epoch: 'E', messages: [], floor: 1, more: false }
const since = { epoch: 'E', seq: 1 }
const message = (seq: number) => ({
  seq,
  kind: 'text' as const,
  messageId: `m${seq}`,
  sender: { userId: 'ada' },
  content: `message ${seq}`,
  sentAt: '2026-11-22T11:04:05.123Z',
})

describe('inbox', () => {
  it('lets no listener hear of a message before the first page has reached its caller', async () => {
    const order: string[] = []
    const inbox = makeInbox({
      roomId: 'general',
      timers: systemTimers,
      onMessage: ({ message: { content } }) => order.push(content),
      onReset: () => order.push('reset'),
    })
    inbox.begin(page, since)
    inbox.deliver('E', [message(1)])
    inbox.deliver('E', [message(2)])
    await inbox.firstPage.then(() => order.push('page'))
    await new Promise<void>((resolve) => {
      systemTimers.after(5, resolve)
    })
    inbox.deliver('E', [message(3)])
    inbox.begin(page, since)
    expect(order).toEqual(['page', 'message 1', 'message 2', 'message 3', 'reset'])
    expect(inbox.takeCount()).toBe(3)
  })

  it('hands over no message after a page that has taken its place', async () => {
    const order: string[] = []
    const inbox = makeInbox({
      roomId: 'general',
      timers: systemTimers,
      onMessage: ({ message: { content } }) => order.push(content),
      onReset: () => order.push('reset'),
    })
    inbox.begin(page, since)
    inbox.deliver('E', [message(1)])
    inbox.begin({ ...page, epoch: 'F' }, since)
    inbox.deliver('F', [message(2)])
    await new Promise<void>((resolve) => {
      systemTimers.after(5, resolve)
    })
    expect(order).toEqual(['reset', 'message 2'])
  })
})
