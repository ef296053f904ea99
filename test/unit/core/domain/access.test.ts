import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { mayEnter, personalRoomOf } from '../../../../core/domain/access.ts'
import { RoomIdSchema } from '../../../../protocol/client-frames.ts'
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
