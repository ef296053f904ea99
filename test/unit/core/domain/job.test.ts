import { describe, expect, it } from 'vitest'
import { audienceOf, decodeJob, encodeJob } from '../../../../core/domain/job.ts'
import { entriesJob, rangeJob, retryJob } from '../../../support/lanes/lane-jobs.ts'

const slots = { first: 'a000', last: 'afff' }

describe('decodeJob', () => {
  it.each([
    entriesJob('general', 7, { count: 2 }),
    rangeJob('general', 7, { slots }),
    retryJob('general', 2),
    { ...retryJob('general', 2), slots },
  ])('reads what encodeJob wrote: %j', (job) => {
    expect(decodeJob(encodeJob(job))).toEqual(job)
  })

  it.each([
    { ...rangeJob('general', 7), slots: { first: '0', last: '0fff' } },
    { ...rangeJob('general', 7), slots: undefined },
    { ...rangeJob('general', 7), from: 0 },
    { ...rangeJob('general', 7), to: 6 },
    { ...rangeJob('general', 7), to: Number.MAX_VALUE },
    { ...rangeJob('general', 7), v: 2 },
  ])('knows no job in %j', (body) => {
    expect(decodeJob(JSON.stringify(body))).toBeUndefined()
  })
})

describe('audienceOf', () => {
  it('tells apart a room, its parts and other rooms, and nothing else', () => {
    const jobs = [
      entriesJob('general', 1),
      rangeJob('general', 1),
      rangeJob('general', 1, { slots }),
      rangeJob('kitchen', 1, { slots }),
    ]
    expect(new Set(jobs.map(audienceOf)).size).toBe(4)
    expect(audienceOf(retryJob('general', 3))).toBe(audienceOf(entriesJob('general', 9)))
    expect(audienceOf({ ...retryJob('general', 3), slots })).toBe(
      audienceOf(rangeJob('general', 8, { slots })),
    )
  })
})
