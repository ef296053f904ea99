import { expect, it } from 'vitest'
import { percentile } from '../../../../cli/smoke/history.ts'

it('a percentile is a value that so many of 100 do not exceed', () => {
  const oneTo100 = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentile(oneTo100, 50)).toBe(50)
  expect(percentile(oneTo100, 99)).toBe(99)
  expect(percentile([7], 50)).toBe(7)
  expect(percentile([1, 9, 2], 99)).toBe(9)
})
