import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { laneOf, slotOf } from '../../../../core/domain/lanes.ts'
import { mayEnter, personalRoomOf } from '../../../../core/domain/rooms.ts'
import { RoomIdSchema } from '../../../../core/protocol/client-frames.ts'
import { identityOf } from '../../../support/builders.ts'

describe('mayEnter', () => {
  it.each([
    [['general'], 'general', true],
    [['general'], 'general2', false],
    [['team-*'], 'team-', true],
    [['team-*'], 'team', false],
    [['*'], 'anything', true],
    [['*'], 'user.abc', false],
    [['user.*', 'dm.*', 'user.abc'], 'user.abc', false],
    [['a*b'], 'axb', false],
    [[], 'general', false],
  ])('with %j, %s: %s', (rooms, roomId, allowed) => {
    expect(mayEnter(identityOf({ rooms }), roomId)).toBe(allowed)
  })
})

describe('personalRoomOf', () => {
  it('is a room id of its own for every user id, however odd', async () => {
    const ids = ['ada', 'Ada', 'a'.repeat(128), '🙂', 'x y', 'user.abc']
    const rooms = await Promise.all(ids.map(personalRoomOf))
    expect(new Set(rooms).size).toBe(ids.length)
    for (const room of rooms) expect(v.is(RoomIdSchema, room)).toBe(true)
  })
})

describe('laneOf and slotOf', () => {
  it('spread similar ids evenly', () => {
    const ids = Array.from({ length: 8_000 }, (_, index) => `room-${index}`)
    const perLane = Map.groupBy(ids, (id) => laneOf(id, { lanes: 8, bulkLanes: 1 }))
    const perRange = Map.groupBy(ids, (id) => slotOf(id)[0])
    expect(perLane.size).toBe(8)
    expect(perRange.size).toBe(16)
    for (const { length } of perLane.values()) expect(Math.abs(length - 1_000)).toBeLessThan(150)
    for (const { length } of perRange.values()) expect(Math.abs(length - 500)).toBeLessThan(120)
  })

  it('always give four hex digits, and a lane that there is', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 64 }), (id, lanes) => {
        expect(slotOf(id)).toMatch(/^[0-9a-f]{4}$/)
        expect(Number(laneOf(id, { lanes, bulkLanes: 1 }).slice('lane.'.length))).toBeLessThan(lanes)
      }),
    )
  })
})
