import { describe, expect, it } from 'vitest'
import { personalRoomOf } from '../../../../core/domain/access.ts'
import { makeSendMessage } from '../../../../core/use-cases/send-message.ts'
import { ChatError } from '../../../../protocol/chat-error.ts'
import type { FrameOf } from '../../../../protocol/client-frames.ts'
import { callerOf } from '../../../support/builders.ts'
import { makeParts, recordJobs } from '../../../support/gateway/parts.ts'

const frame = (fields: Partial<FrameOf<'sendMessage'>> = {}): FrameOf<'sendMessage'> => ({
  action: 'sendMessage',
  id: '7',
  roomId: 'general',
  content: 'hello',
  ...fields,
})
const moderate = async ({ content }: { content: string }) => content

const setUp = async (fails?: () => Error | undefined) => {
  const parts = makeParts()
  await parts.seat('general', 'c1', { userId: 'ada' })
  const { publisher, jobs } = recordJobs(fails && { fails })
  return { ...parts, publisher, jobs, send: makeSendMessage({ ...parts, publisher, moderate }) }
}
const ada = callerOf('c1', { userId: 'ada', name: 'Ada' })

describe('send-message', () => {
  it('stores, publishes, and acknowledges with the place in the room', async () => {
    const { send, jobs, log } = await setUp()
    const ack = await send(ada, frame({ attributes: { lang: 'en' } }))
    expect(ack).toMatchObject({ type: 'ack', id: '7', roomId: 'general', seq: 1 })
    const page = await log.read({ roomId: 'general', limit: 10 })
    expect(page.entries).toMatchObject([
      {
        seq: 1,
        messageId: ack.messageId,
        content: 'hello',
        sender: { userId: 'ada', name: 'Ada' },
        attributes: { lang: 'en' },
      },
    ])
    expect(jobs).toMatchObject([
      { job: { kind: 'messages', roomId: 'general', epoch: ack.epoch, entries: page.entries } },
    ])
  })

  it('takes the sender from the identity and from nowhere else', async () => {
    const { send, log } = await setUp()
    const forged = { ...frame(), sender: { userId: 'mallory' } }
    await send(ada, forged)
    const { entries } = await log.read({ roomId: 'general', limit: 1 })
    expect(entries[0]?.sender).toEqual({ userId: 'ada', name: 'Ada' })
  })

  it('answers a retry with the first place, and publishes it again', async () => {
    const { send, jobs, telemetry } = await setUp()
    const retried = frame({ clientMessageId: 'm1', since: { epoch: null, seq: 0 } })
    const first = await send(ada, retried)
    await send(ada, frame({ content: 'another' }))
    const second = await send(ada, retried)
    expect(second).toEqual({ ...first, duplicate: true })
    expect(Object.fromEntries(telemetry.counts)).toEqual({ 'message.stored': 2, 'message.duplicate': 1 })
    expect(jobs.map(({ job }) => job.kind === 'messages' && job.entries[0]?.seq)).toEqual([1, 2, 1])
  })

  it('answers unavailable when the broker dies between append and publish, and the retry gets the first place', async () => {
    let broken = true
    const { send, jobs } = await setUp(() =>
      broken ? new ChatError('unavailable', 'The broker is away.') : undefined,
    )
    const retried = frame({ clientMessageId: 'm1', since: { epoch: null, seq: 0 } })
    await expect(send(ada, retried)).rejects.toMatchObject({ code: 'unavailable' })
    broken = false
    expect(await send(ada, retried)).toMatchObject({ seq: 1, duplicate: true })
    expect(jobs).toHaveLength(1)
  })

  it('stores nothing while the broker is known to be away', async () => {
    const { log, ...parts } = await setUp()
    const publisher = {
      ...parts.publisher,
      ready: () => Promise.reject(new ChatError('unavailable', 'away')),
    }
    const send = makeSendMessage({ ...parts, log, publisher, moderate })
    await expect(send(ada, frame())).rejects.toMatchObject({ code: 'unavailable' })
    expect(await log.head('general')).toEqual({ epoch: null, seq: 0 })
  })

  it('refuses a connection that is not in the room', async () => {
    const { send, log } = await setUp()
    await expect(send(callerOf('c2'), frame())).rejects.toMatchObject({ code: 'not_a_member' })
    await expect(send(ada, frame({ roomId: 'secret' }))).rejects.toMatchObject({ code: 'not_a_member' })
    expect(await log.head('general')).toEqual({ epoch: null, seq: 0 })
  })

  it('refuses a room of the system, the user’s own as well', async () => {
    const { send, seat, log } = await setUp()
    const roomId = await personalRoomOf('ada')
    await seat(roomId, 'c1', { userId: 'ada' })
    await expect(send(ada, frame({ roomId }))).rejects.toMatchObject({ code: 'forbidden' })
    expect(await log.head(roomId)).toEqual({ epoch: null, seq: 0 })
  })

  it('stores what the moderator returns, and nothing that it rejects', async () => {
    const { log, ...parts } = await setUp()
    const strict = async ({ content }: { content: string }) => {
      if (content.includes('spam')) throw new ChatError('rejected', 'No advertising here.')
      return content.replaceAll('damn', '****')
    }
    const send = makeSendMessage({ ...parts, log, moderate: strict })
    await send(ada, frame({ content: 'damn it' }))
    await expect(send(ada, frame({ content: 'spam' }))).rejects.toMatchObject({ code: 'rejected' })
    const { entries } = await log.read({ roomId: 'general', limit: 10 })
    expect(entries.map(({ content }) => content)).toEqual(['**** it'])
  })
})
