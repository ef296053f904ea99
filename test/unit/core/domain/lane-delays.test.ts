import { describe, expect, test } from 'vitest'
import { delayAtLeast } from '../../../../core/domain/lanes.ts'

describe('lane delays', () => {
  test.each([
    [1, 1_000],
    [1_000, 1_000],
    [1_001, 5_000],
    [30_000, 30_000],
  ])('takes for %i ms the delay of %i ms', (wanted, taken) => {
    expect(delayAtLeast(wanted)).toBe(taken)
  })

  test('has no delay longer than the longest', () => {
    expect(() => delayAtLeast(30_001)).toThrow(RangeError)
  })
})
