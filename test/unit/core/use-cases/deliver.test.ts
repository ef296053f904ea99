import { describe, expect, it } from 'vitest'
import { personalRoomOf } from '../../../../core/domain/access.ts'
import { encodeJob, type RetryJob } from '../../../../core/domain/job.ts'
import type { PostOutcome } from '../../../../core/ports.ts'
import { makeDeliver } from '../../../../core/use-cases/deliver.ts'
import { ChatError } from '../../../../protocol/chat-error.ts'
import { defaultLimits, jsonBytes } from '../../../../protocol/limits.ts'
import { entryOf, messagesJob } from '../../../support/builders.ts'
import { makeParts, recordJobs, recordPosts } from '../../../support/gateway/parts.ts'

const far = Number.MAX_SAFE_INTEGER

const setUp = async (answer?: Parameters<typeof recordPosts>[0]) => {
  const parts = makeParts()
  const posts = recordPosts(answer)
  const jobs = recordJobs()
  const append = async (content?: string, roomId?: string) =>
    encodeJob(await parts.appendJob(content, roomId))
  const deliver = makeDeliver({ ...parts, poster: posts.poster, publisher: jobs.publisher })
  const members = async (roomId = 'general') => {
    const pages = await Array.fromAsync(parts.directory.members(roomId))
    return pages
      .flat()
      .map(({ connectionId }) => connectionId)
      .sort()
  }
  return { ...parts, ...posts, ...jobs, append, deliver, members }
}
const retryOf = (jobs: readonly { readonly job: unknown; readonly delayMs: number | undefined }[]) =>
  jobs.map(({ job, delayMs }) => ({ ...(job as RetryJob), delayMs }))

describe('deliver', () => {
  it('hands every member each message once, in one frame for a batch', async () => {
    const { deliver, append, seat, posted, seqsOf } = await setUp()
    for (const id of ['c1', 'c2', 'c3']) await seat('general', id)
    await seat('other', 'c4')
    await deliver([await append(), await append(), await append()], far)
    for (const id of ['c1', 'c2', 'c3']) expect(seqsOf(id)).toEqual([1, 2, 3])
    expect(posted).toHaveLength(3)
    expect(seqsOf('c4')).toEqual([])
  })

  it('counts what became of the posts, and tells how long they took since their message was sent', async () => {
    const answers = { c1: 'sent', c2: 'gone', c3: 'throttled', c4: 'sent' } as const
    const { deliver, append, seat, advance, telemetry } = await setUp(
      (connectionId) => answers[connectionId as keyof typeof answers],
    )
    for (const id of Object.keys(answers)) await seat('general', id)
    const job = await append()
    advance(70)
    await deliver([job], far)
    expect(Object.fromEntries(telemetry.counts)).toEqual({
      'post.sent': 2,
      'post.gone': 1,
      'post.throttled': 1,
    })
    // 70 ms until the batch came, and the pauses of 50 and 150 ms for the one that was throttled.
    expect(telemetry.measured.get('delivery.ms')).toEqual([270])
  })

  it('keeps every frame within the limit, whatever is in it', async () => {
    const { deliver, append, seat, posted, seqsOf } = await setUp()
    await seat('general', 'c1')
    const jobs = []
    for (let index = 0; index < 12; index++) jobs.push(await append('🙂'.repeat(2000)))
    await deliver(jobs, far)
    expect(seqsOf('c1')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    for (const { frame } of posted)
      expect(jsonBytes(frame)).toBeLessThanOrEqual(defaultLimits.serverFrameBytes)
  })

  it('reads what was stored and never published, and sends it in its place', async () => {
    const { deliver, append, seat, seqsOf } = await setUp()
    await seat('general', 'c1')
    await deliver([await append()], far)
    await append('its writer died before it published')
    await append('as did this one')
    await deliver([await append()], far)
    expect(seqsOf('c1')).toEqual([1, 2, 3, 4])
  })

  it('reads a hole once, however many members the room has and however many pages of them', async () => {
    const world = await setUp()
    const reads: unknown[] = []
    const log = {
      ...world.log,
      read: (page: Parameters<typeof world.log.read>[0]) => {
        reads.push([page.after, page.limit])
        return world.log.read(page)
      },
    }
    const members = Array.from({ length: 30 }, (_, index) => `c${index}`)
    for (const id of members) await world.seat('general', id)
    const directory = {
      ...world.directory,
      members: async function* (roomId: string) {
        for await (const page of world.directory.members(roomId)) for (const member of page) yield [member]
      },
    }
    const deliver = makeDeliver({ ...world, log, directory })
    await deliver([await world.append()], far)
    for (let hole = 0; hole < 3; hole++) await world.append()
    await deliver([await world.append()], far)
    await deliver([await world.append()], far)
    for (const id of members) expect(world.seqsOf(id)).toEqual([1, 2, 3, 4, 5, 6])
    expect(reads).toEqual([[1, 3]])
  })

  it('puts jobs that overtook each other back in order', async () => {
    const { deliver, append, seat, seqsOf } = await setUp()
    await seat('general', 'c1')
    await deliver([await append()], far)
    const [second, third] = [await append(), await append()]
    await deliver([third], far)
    await deliver([second], far)
    expect(seqsOf('c1')).toEqual([1, 2, 3])
  })

  it('keeps the epochs of a batch apart, whose seqs are the same', async () => {
    const { deliver, seat, posted } = await setUp()
    await seat('general', 'c1')
    const jobs = ['old', 'new'].map((epoch) => messagesJob({ epoch, entries: [entryOf({ content: epoch })] }))
    await deliver(jobs.map(encodeJob), far)
    expect(posted.map(({ frame }) => frame)).toMatchObject([
      { epoch: 'old', messages: [{ seq: 1, content: 'old' }] },
      { epoch: 'new', messages: [{ seq: 1, content: 'new' }] },
    ])
  })

  it('forgets a connection that is gone, in all its rooms, and still reaches the others', async () => {
    const { deliver, append, seat, seqsOf, members, jobs } = await setUp((id) =>
      id === 'gone' ? 'gone' : 'sent',
    )
    for (const id of ['c1', 'gone', 'c2']) await seat('general', id)
    await seat('other', 'gone')
    await seat(await personalRoomOf('gone'), 'gone')
    await deliver([await append()], far)
    expect([seqsOf('c1'), seqsOf('c2')]).toEqual([[1], [1]])
    expect(await members()).toEqual(['c1', 'c2'])
    expect(await members('other')).toEqual([])
    expect(await members(await personalRoomOf('gone'))).toEqual([])
    expect(jobs).toEqual([])
  })

  it('owes a retry to a connection that is gone but may still be inside its $connect', async () => {
    const { deliver, append, seat, members, jobs } = await setUp(() => 'gone')
    await seat('general', 'new', { ageMs: 1_000 })
    await deliver([await append()], far)
    expect(await members()).toEqual(['new'])
    expect(retryOf(jobs)).toMatchObject([
      { kind: 'retry', from: 1, to: 1, connectionIds: ['new'], attempt: 1, delayMs: 1_000 },
    ])
  })

  it('tries a throttled post again at once, and then later, without holding up the others', async () => {
    let left = 2
    const { deliver, append, seat, seqsOf, jobs } = await setUp((id) => {
      if (id === 'slow') return 'throttled'
      if (id === 'hiccup' && left-- > 0) return 'throttled'
      return 'sent'
    })
    for (const id of ['slow', 'hiccup', 'c1']) await seat('general', id)
    await deliver([await append(), await append()], far)
    expect(seqsOf('hiccup')).toEqual([1, 2])
    expect(seqsOf('c1')).toEqual([1, 2])
    expect(retryOf(jobs)).toMatchObject([{ from: 1, to: 2, connectionIds: ['slow'], attempt: 1 }])
  })

  it('serves a retry from the log, to those who are still there', async () => {
    let outcome: PostOutcome = 'failed'
    const { deliver, append, seat, seqsOf, jobs, directory } = await setUp(() => outcome)
    for (const id of ['c1', 'left']) await seat('general', id)
    await deliver([await append(), await append()], far)
    outcome = 'sent'
    await directory.leave('general', 'left')
    await deliver(
      jobs.splice(0).map(({ job }) => encodeJob(job)),
      far,
    )
    expect(seqsOf('c1')).toEqual([1, 2])
    expect(seqsOf('left')).toEqual([])
    expect(jobs).toEqual([])
  })

  it('sets aside what could not be posted in the end, and closes that connection so that it comes back', async () => {
    const { deliver, append, seat, jobs, deadLetters, closed, members } = await setUp(() => 'failed')
    await seat('general', 'stuck')
    await deliver([await append()], far)
    const delays: (number | undefined)[] = []
    while (jobs.length > 0) {
      const owed = jobs.splice(0)
      delays.push(...owed.map(({ delayMs }) => delayMs))
      await deliver(
        owed.map(({ job }) => encodeJob(job)),
        far,
      )
    }
    expect(delays).toEqual([1_000, 5_000, 5_000, 30_000])
    expect(deadLetters).toHaveLength(1)
    expect(closed).toEqual(['stuck'])
    expect(await members()).toEqual([])
  })

  it('sets a record aside that is no job, and delivers the rest of its batch', async () => {
    const { deliver, append, seat, seqsOf, deadLetters } = await setUp()
    await seat('general', 'c1')
    await deliver(['not json', '{"v":9,"kind":"messages"}', await append(), ''], far)
    expect(seqsOf('c1')).toEqual([1])
    expect(deadLetters.map(({ body }) => body)).toEqual(['not json', '{"v":9,"kind":"messages"}', ''])
  })

  it('tells a member whose token has expired, closes it, and sends it nothing more', async () => {
    const { deliver, append, seat, posted, closed, members, clock } = await setUp()
    await seat('general', 'late', { tokenExpiresAtMs: clock() - 1 })
    await deliver([await append()], far)
    expect(posted.map(({ frame }) => frame)).toEqual([
      { type: 'disconnect', code: 4401, reason: 'token expired', reconnect: true },
    ])
    expect(closed).toEqual(['late'])
    expect(await members()).toEqual([])
  })

  it('leaves to a later job what its deadline does not allow', async () => {
    const { deliver, append, seat, posted, jobs, clock } = await setUp()
    await seat('general', 'c1')
    await deliver([await append()], clock())
    expect(posted).toEqual([])
    expect(retryOf(jobs)).toMatchObject([{ connectionIds: ['c1'], attempt: 0, delayMs: 1_000 }])
  })

  it('brings nobody closer to being closed for want of time, however often', async () => {
    const { deliver, append, seat, jobs, deadLetters, closed, clock, seqsOf } = await setUp()
    await seat('general', 'c1')
    await deliver([await append()], clock())
    for (let turn = 0; turn < 10; turn++) {
      const { job } = jobs.at(-1) ?? {}
      if (job) await deliver([encodeJob(job)], clock())
    }
    expect(retryOf(jobs).map(({ attempt }) => attempt)).toEqual(Array.from({ length: 11 }, () => 0))
    expect([deadLetters, closed]).toEqual([[], []])
    const { job } = jobs.at(-1) ?? {}
    if (job) await deliver([encodeJob(job)], far)
    expect(seqsOf('c1')).toEqual([1])
  })

  const breaking = async (failure: Error) => {
    const world = await setUp()
    await world.seat('other', 'c1')
    const directory = {
      ...world.directory,
      members: (roomId: string) => {
        if (roomId === 'general') throw failure
        return world.directory.members(roomId)
      },
    }
    return { ...world, deliver: makeDeliver({ ...world, directory }) }
  }

  it('rejects when the store is away, so that the batch comes again, and still serves the other rooms', async () => {
    const { deliver, append, seqsOf, deadLetters } = await breaking(
      new ChatError('unavailable', 'The store is away'),
    )
    await expect(deliver([await append(), await append('hi', 'other')], far)).rejects.toThrow(
      'The store is away',
    )
    expect(seqsOf('c1')).toEqual([1])
    expect(deadLetters).toEqual([])
  })

  it('sets the jobs of a room aside whose row or log is broken, and holds up no other room', async () => {
    const { deliver, append, seqsOf, deadLetters, telemetry } = await breaking(
      new Error('The row has no endpoint'),
    )
    const job = await append()
    await deliver([job, await append('hi', 'other')], far)
    expect(seqsOf('c1')).toEqual([1])
    expect(deadLetters.map(({ body }) => JSON.parse(body))).toEqual([JSON.parse(job)])
    expect(telemetry.errors).toMatchObject([{ error: { message: 'The row has no endpoint' } }])
  })

  it('does not try at once again to post to a connection whose node took long to fail', async () => {
    let attempts = 0
    const world = await setUp()
    const poster = {
      ...world.poster,
      post: async () => {
        attempts++
        world.advance(1_000)
        return 'failed' as const
      },
    }
    await world.seat('general', 'far away')
    await makeDeliver({ ...world, poster })([await world.append()], far)
    expect(attempts).toBe(1)
    expect(retryOf(world.jobs)).toMatchObject([{ connectionIds: ['far away'], attempt: 1 }])
  })

  it('forgets a connection that it can neither serve nor close, so that its next ping shows it', async () => {
    const world = await setUp(() => 'failed')
    let closings = 0
    const poster = {
      ...world.poster,
      close: async () => {
        closings++
        return 'failed' as const
      },
    }
    await world.seat('general', 'stuck')
    const deliver = makeDeliver({ ...world, poster })
    await deliver([await world.append()], far)
    while (world.jobs.length > 0)
      await deliver(
        world.jobs.splice(0).map(({ job }) => encodeJob(job)),
        far,
      )
    expect(closings).toBe(3)
    expect(await world.members()).toEqual([])
    expect(world.telemetry.warnings).toContain('A connection could not be closed')
  })
})
