import { beforeEach, describe, expect, test } from 'vitest'
import {
  makeGroupPublishing,
  maxGroupBytes,
  maxGroupEntries,
} from '../../../../core/domain/group-publishing.ts'
import type { Job } from '../../../../core/domain/job.ts'
import { slotRanges } from '../../../../core/domain/slots.ts'
import { jsonBytes } from '../../../../protocol/limits.ts'
import { entriesJob, rangeJob, retryJob, upTo } from '../../../support/lanes/lane-jobs.ts'

describe('group publishing', () => {
  type Flight = { readonly job: Job; readonly land: () => void; readonly fail: (error: Error) => void }
  let flights: Flight[]
  let publish: (job: Job) => Promise<void>

  beforeEach(() => {
    flights = []
    publish = makeGroupPublishing(
      (job) => new Promise((resolve, reject) => flights.push({ job, land: resolve, fail: reject })),
    )
  })

  /** Lets everything go on that waits for nothing outside. */
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const sent = () =>
    flights.map(({ job }) => {
      if (job.kind === 'range') return `range ${job.slots.first} ${job.from}`
      return job.kind === 'messages' ? job.entries.map(({ seq }) => seq) : `retry ${job.attempt}`
    })
  /** Lands each flight as it takes off, until there is no other. */
  const landAll = async () => {
    for (let landed = 0; ; ) {
      await settle()
      if (landed === flights.length) return
      flights[landed++]?.land()
    }
  }

  test('sends at once what is published in the same turn, in one job', async () => {
    const published = upTo(5).map((seq) => publish(entriesJob('a', seq)))
    await settle()
    expect(sent()).toEqual([[1, 2, 3, 4, 5]])
    flights[0]?.land()
    await Promise.all(published)
  })

  test('has one job of a room in flight, and merges what gathers behind it', async () => {
    const first = publish(entriesJob('a', 1))
    await settle()
    const second = publish(entriesJob('a', 2, { count: 2 }))
    const third = publish(entriesJob('a', 4))
    await settle()
    expect(sent()).toEqual([[1]])
    await landAll()
    await Promise.all([first, second, third])
    expect(sent()).toEqual([[1], [2, 3, 4]])
  })

  test('resolves no caller before its own job is confirmed', async () => {
    let resolved = 0
    void publish(entriesJob('a', 1)).then(() => resolved++)
    await settle()
    void publish(entriesJob('a', 2)).then(() => resolved++)
    void publish(entriesJob('a', 3)).then(() => resolved++)
    flights[0]?.land()
    await settle()
    expect(resolved).toBe(1)
    flights[1]?.land()
    await settle()
    expect(resolved).toBe(3)
  })

  test('lets rooms go their own way', async () => {
    void publish(entriesJob('a', 1))
    await settle()
    void publish(entriesJob('b', 1))
    await settle()
    expect(flights.map(({ job }) => job.roomId)).toEqual(['a', 'b'])
  })

  test('lets the parts of a large room go their own way, past its messages, and each in order', async () => {
    const [one, other] = [slotRanges[0], slotRanges[1]]
    if (!one || !other) throw new Error('There are 16 ranges')
    void publish(entriesJob('a', 3))
    void publish(rangeJob('a', 1, { slots: one }))
    void publish(rangeJob('a', 1, { slots: other }))
    void publish(rangeJob('a', 2, { slots: one }))
    await settle()
    expect(sent()).toEqual([[3], 'range 0000 1', 'range 1000 1'])
    await landAll()
    expect(sent()).toEqual([[3], 'range 0000 1', 'range 1000 1', 'range 0000 2'])
  })

  test('merges only what follows on each other in one epoch, and keeps the order of the calls', async () => {
    const jobs = [
      entriesJob('a', 1),
      entriesJob('a', 3),
      entriesJob('a', 4, { epoch: 'epoch-2' }),
      retryJob('a', 1),
      entriesJob('a', 5, { epoch: 'epoch-2' }),
      entriesJob('a', 6, { epoch: 'epoch-2' }),
    ]
    const published = Promise.all(jobs.map(publish))
    await landAll()
    await published
    expect(sent()).toEqual([[1], [3], [4], 'retry 1', [5, 6]])
  })

  test('sends what was published before in a job of its own', async () => {
    void publish(entriesJob('a', 7))
    await settle()
    const again = [publish(entriesJob('a', 3)), publish(entriesJob('a', 7)), publish(entriesJob('a', 8))]
    await landAll()
    await Promise.all(again)
    expect(sent()).toEqual([[7], [3], [7], [8]])
  })

  test('puts a bounded number of entries in a job', async () => {
    const published = Promise.all(upTo(maxGroupEntries + 5).map((seq) => publish(entriesJob('a', seq))))
    await landAll()
    await published
    expect(sent()).toEqual([upTo(maxGroupEntries), upTo(maxGroupEntries + 5).slice(maxGroupEntries)])
  })

  test('puts a bounded number of bytes in a job', async () => {
    const content = 'ü'.repeat(4_000)
    const published = Promise.all(upTo(60).map((seq) => publish(entriesJob('a', seq, { content }))))
    await landAll()
    await published
    expect(sent().flat()).toEqual(upTo(60))
    const sizes = flights.map(({ job }) => jsonBytes(job.kind === 'messages' ? job.entries : []))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(maxGroupBytes)
    expect(sizes.length).toBe(3)
  })

  test('fails with a job all that waited behind it, and begins anew with the next', async () => {
    const outage = new Error('no broker')
    const first = publish(entriesJob('a', 1))
    await settle()
    const outcomes = Promise.allSettled([first, publish(entriesJob('a', 2)), publish(entriesJob('a', 3))])
    flights[0]?.fail(outage)
    const failed = { status: 'rejected', reason: outage }
    expect(await outcomes).toEqual([failed, failed, failed])
    const next = publish(entriesJob('a', 4))
    await landAll()
    await next
    expect(sent()).toEqual([[1], [4]])
  })
})
