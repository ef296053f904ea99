import { expect, it } from 'vitest'
import { makeClock } from '../../memory/clock.ts'

it('stands still until it is advanced', () => {
  const { clock, advance } = makeClock(1000)
  expect([clock(), clock()]).toEqual([1000, 1000])
  advance(250)
  expect(clock()).toBe(1250)
})
