import { describe, expect, it } from 'vitest'
import { makeBackoff } from '../../../../client/api/timing.ts'

describe('backoff', () => {
  const bounds = { backoffMinMs: 500, backoffMaxMs: 30_000 }

  it('doubles its upper bound with each failure, up to the largest', () => {
    const backoff = makeBackoff({ ...bounds, random: () => 1 })
    expect([1, 2, 3, 7, 100].map(backoff)).toEqual([500, 1000, 2000, 30_000, 30_000])
  })

  it('waits anything between nothing and that bound', () => {
    expect(makeBackoff({ ...bounds, random: () => 0 })(5)).toBe(0)
    expect(makeBackoff({ ...bounds, random: () => 0.25 })(2)).toBe(250)
  })
})
