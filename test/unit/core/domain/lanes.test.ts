import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../../../core/domain/job.ts'
import { isBulkLane, laneNames, laneOf, laneOfJob } from '../../../../core/domain/lanes.ts'
import { slotRanges } from '../../../../core/domain/slots.ts'
import { entriesJob, rangeJob, retryJob } from '../../../support/lanes/lane-jobs.ts'

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

describe('laneOfJob', () => {
  const counts = { lanes: 4, bulkLanes: 3 }
  const [slots] = slotRanges

  it('sends what is for all of a room to its lane', () => {
    const jobs: Job[] = [entriesJob('general', 1), retryJob('general', 1)]
    for (const job of jobs) expect(laneOfJob(job, counts)).toBe(laneOf('general', counts))
  })

  it('sends what is for a part of a room to one bulk lane, retries too', () => {
    for (const range of slotRanges) {
      const lane = laneOfJob(rangeJob('general', 1, { slots: range }), counts)
      expect(isBulkLane(lane)).toBe(true)
      expect(laneNames(counts)).toContain(lane)
      expect(laneOfJob(rangeJob('general', 99, { slots: range }), counts)).toBe(lane)
      expect(laneOfJob({ ...retryJob('general', 3), slots: range }, counts)).toBe(lane)
    }
  })

  it('gives every bulk lane its share of every room', () => {
    for (const roomId of ['general', 'kitchen', 'r', '']) {
      const lanes = slotRanges.map((range) => laneOfJob(rangeJob(roomId, 1, { slots: range }), counts))
      const shares = [...Map.groupBy(lanes, (lane) => lane).values()].map(({ length }) => length)
      expect(shares.sort()).toEqual([5, 5, 6])
    }
  })

  it('does not begin with the same bulk lane for every room', () => {
    const rooms = Array.from({ length: 300 }, (_, index) => `room-${index}`)
    const lanes = rooms.map((roomId) => laneOfJob(rangeJob(roomId, 1, { ...(slots && { slots }) }), counts))
    for (const { length } of Map.groupBy(lanes, (lane) => lane).values()) {
      expect(Math.abs(length - 100)).toBeLessThan(40)
    }
  })
})
