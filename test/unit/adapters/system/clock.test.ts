import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../adapters/system/clock.ts'

describe('system clock', () => {
  it('tells now in ms since 1970', () => {
    const before = Date.now()
    const now = systemClock()

    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
  })
})
