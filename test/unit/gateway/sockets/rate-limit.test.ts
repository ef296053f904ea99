import { expect, test } from 'vitest'
import { makeRateLimit } from '../../../../gateway/sockets/rate-limit.ts'

test('20 a rate limit lets a burst pass, then as many as come in a second', () => {
  let nowMs = 0
  const admit = makeRateLimit({ perSecond: 10, burst: 3, clock: () => nowMs })
  const admitted = (times: number) => Array.from({ length: times }, admit).filter(Boolean).length
  expect(admitted(5)).toBe(3)
  nowMs += 100
  expect(admitted(5)).toBe(1)
  nowMs += 1000
  expect(admitted(5)).toBe(3)
  // A clock that is set back takes nothing away and gives nothing.
  nowMs -= 5000
  expect(admitted(5)).toBe(0)
})

test('20 no limit admits all', () => {
  const admit = makeRateLimit({ perSecond: null, burst: 0, clock: () => 0 })
  expect(Array.from({ length: 1000 }, admit)).not.toContain(false)
})
