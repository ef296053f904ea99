import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LaneRecord } from '../../../../core/domain/job.ts'
import { handOver } from '../../../../core/domain/redelivery.ts'

describe('handing over a batch', () => {
  const batch: readonly LaneRecord[] = [{ body: '1', redelivered: false, messageId: 'm-1' }]
  const no = async () => {
    throw new Error('no')
  }
  let stop: AbortController
  let rejections: number[]
  const options = () => ({
    deliveryLimit: 8,
    over: stop.signal,
    onRejection: (_error: unknown, count: number) => rejections.push(count),
  })

  beforeEach(() => {
    vi.useFakeTimers()
    stop = new AbortController()
    rejections = []
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('waits longer after each rejection, at most 5 s, and gives up beyond the delivery limit', async () => {
    const startedAtMs = Date.now()
    const atMs: number[] = []
    const onBatch = () => {
      atMs.push(Date.now() - startedAtMs)
      return no()
    }
    const outcome = handOver(batch, onBatch, options())
    await vi.runAllTimersAsync()
    expect(await outcome).toBe('exhausted')
    expect(atMs).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300])
    expect(rejections).toHaveLength(9)
  })

  test('says that the batch comes again, and keeps the one it was given as it is', async () => {
    const seen: (readonly LaneRecord[])[] = []
    const outcome = handOver(
      batch,
      async (records) => {
        seen.push(records)
        if (seen.length < 2) await no()
      },
      options(),
    )
    await vi.runAllTimersAsync()
    expect(await outcome).toBe('done')
    expect(seen.map(([record]) => record?.redelivered)).toEqual([false, true])
    expect(batch[0]?.redelivered).toBe(false)
  })

  test('takes a throw before the first await as a rejection', async () => {
    let calls = 0
    const onBatch = (): Promise<void> => {
      if (++calls === 1) throw new Error('at once')
      return Promise.resolve()
    }
    const outcome = handOver(batch, onBatch, options())
    await vi.runAllTimersAsync()
    expect(await outcome).toBe('done')
    expect(rejections).toEqual([1])
  })

  test('stops waiting as soon as the lane is no longer its own', async () => {
    const outcome = handOver(batch, no, options())
    await vi.advanceTimersByTimeAsync(50)
    stop.abort()
    expect(await outcome).toBe('interrupted')
    expect(vi.getTimerCount()).toBe(0)
  })
})
