import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { laneNames, laneOf } from '../../../../core/domain/lanes.ts'

describe('laneOf', () => {
  it('spreads rooms with similar ids evenly', () => {
    const ids = Array.from({ length: 8_000 }, (_, index) => `room-${index}`)
    const perLane = Map.groupBy(ids, (id) => laneOf(id, { lanes: 8, bulkLanes: 1 }))
    expect(perLane.size).toBe(8)
    for (const { length } of perLane.values()) expect(Math.abs(length - 1_000)).toBeLessThan(150)
  })

  it('gives every room a lane that there is', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 64 }), (roomId, lanes) => {
        const counts = { lanes, bulkLanes: 1 }
        expect(laneNames(counts)).toContain(laneOf(roomId, counts))
      }),
    )
  })
})
