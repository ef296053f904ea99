import { describe, expect, it, vi } from 'vitest'
import { makeConcurrencyLimit } from '../../../../core/primitives/concurrency-limit.ts'

describe('concurrency limit', () => {
  it('runs so many tasks at a time and the rest in the order in which they came', async () => {
    const limit = makeConcurrencyLimit(2)
    const started: number[] = []
    const ends: (() => void)[] = []
    const tasks = [0, 1, 2, 3].map((index) =>
      limit(() => {
        started.push(index)
        return new Promise<number>((resolve) => ends.push(() => resolve(index)))
      }),
    )
    await vi.waitFor(() => expect(started).toEqual([0, 1]))

    ends[1]?.()
    expect(await tasks[1]).toBe(1)
    await vi.waitFor(() => expect(started).toEqual([0, 1, 2]))

    ends[0]?.()
    await vi.waitFor(() => expect(started).toEqual([0, 1, 2, 3]))
    ends[2]?.()
    ends[3]?.()
    expect(await Promise.all(tasks)).toEqual([0, 1, 2, 3])
  })

  it('gives the place of a task that fails to the next one', async () => {
    const limit = makeConcurrencyLimit(1)
    const failed = limit(async () => {
      throw new Error('no')
    })
    const next = limit(async () => 'done')

    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('done')
    expect(await limit(async () => 'again')).toBe('again')
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses %d', (max) => {
    expect(() => makeConcurrencyLimit(max)).toThrow('must be a whole number from 1 on')
  })
})
