import { describe, expect, it } from 'vitest'
import { personalRoomOf } from '../../../../core/domain/access.ts'
import type { Member } from '../../../../core/domain/identity.ts'
import { membershipMs } from '../../../../core/membership.ts'
import { makeCheckAccess } from '../../../../core/use-cases/check-access.ts'
import { makeConnect } from '../../../../core/use-cases/connect.ts'
import { makeDisconnect } from '../../../../core/use-cases/disconnect.ts'
import { makeGetHistory } from '../../../../core/use-cases/get-history.ts'
import { makeHello } from '../../../../core/use-cases/hello.ts'
import { makeJoinRoom } from '../../../../core/use-cases/join-room.ts'
import { makeLeaveRoom } from '../../../../core/use-cases/leave-room.ts'
import { makePing } from '../../../../core/use-cases/ping.ts'
import { ChatError } from '../../../../protocol/chat-error.ts'
import { jsonBytes, type Limits } from '../../../../protocol/limits.ts'
import { callerOf, identityOf } from '../../../support/builders.ts'
import { makeParts } from '../../../support/gateway/parts.ts'

const setUp = (limits: Partial<Limits> = {}) => {
  const parts = makeParts({ limits })
  return {
    ...parts,
    appendMany: async (count: number, content?: string) => {
      for (let index = 0; index < count; index++) await parts.append(content)
    },
    isMember: async (roomId: string, connectionId: string) =>
      (await parts.directory.find(roomId, connectionId)) !== undefined,
    connect: makeConnect(parts),
    disconnect: makeDisconnect(parts),
    join: makeJoinRoom(parts),
    leave: makeLeaveRoom(parts),
    history: makeGetHistory(parts),
    hello: makeHello({ ...parts, maxAgeSeconds: 7200 }),
    ping: makePing(parts),
    checkAccess: makeCheckAccess(parts),
  }
}
const ada = callerOf('c1', { userId: 'ada', rooms: ['general', 'team-*'] })
const seqsOf = ({ messages }: { messages: readonly { seq: number }[] }) => messages.map(({ seq }) => seq)
const join = (fields: object = {}) => ({ action: 'joinRoom' as const, id: '8', roomId: 'general', ...fields })
const history = (fields: object = {}) => ({
  action: 'getHistory' as const,
  id: '9',
  roomId: 'general',
  ...fields,
})
const ping = (fields: object = {}) => ({ action: 'ping' as const, id: '12', ...fields })

describe('connect', () => {
  it('makes the connection a member of the room it names, and of its user’s own', async () => {
    const { connect, directory } = setUp()
    await connect(ada, 'general')
    expect(await directory.find('general', 'c1')).toMatchObject({
      userId: 'ada',
      name: 'Ada',
      endpoint: ada.endpoint,
    })
    expect(await directory.find(await personalRoomOf('ada'), 'c1')).toBeDefined()
  })

  it.each(['secret', 'team', 'user.abc', 'dm.abc'])(
    'refuses the room %s, which the token does not allow',
    async (room) => {
      const { connect, checkAccess, isMember } = setUp()
      const anywhere = callerOf('c1', {
        userId: 'ada',
        rooms: room.includes('.') ? ['*', 'user.*', room] : ['general', 'team-*'],
      })
      await expect(connect(anywhere, room)).rejects.toMatchObject({ code: 'forbidden' })
      await expect(checkAccess(anywhere.identity, room)).rejects.toMatchObject({ code: 'forbidden' })
      expect(await isMember(room, 'c1')).toBe(false)
    },
  )

  it('leaves nothing behind when it fails half-way: no $disconnect follows', async () => {
    const { directory, ...parts } = setUp()
    const failing = {
      ...directory,
      join: async (member: Member) => {
        if (member.roomId === 'general') throw new ChatError('unavailable', 'The store is overloaded.')
        return directory.join(member)
      },
    }
    const connect = makeConnect({ ...parts, directory: failing })
    await expect(connect(ada, 'general')).rejects.toMatchObject({ code: 'unavailable' })
    expect(await directory.find(await personalRoomOf('ada'), 'c1')).toBeUndefined()
  })

  it('bounds the connections of a user, and lets another in when one has gone', async () => {
    const { connect, disconnect, checkAccess } = setUp({ connectionsPerUser: 2 })
    await connect(callerOf('c1'), undefined)
    await connect(callerOf('c2'), undefined)
    await expect(connect(callerOf('c3'), undefined)).rejects.toMatchObject({ code: 'rate_limited' })
    await expect(checkAccess(identityOf(), undefined)).rejects.toMatchObject({ code: 'rate_limited' })
    await connect(callerOf('c4', { userId: 'bob' }), undefined)
    await disconnect('ada', 'c1')
    await connect(callerOf('c3'), undefined)
  })
})

describe('disconnect', () => {
  it('takes the connection out of all its rooms, and leaves the user’s other one in', async () => {
    const { connect, join: joinRoom, disconnect, isMember } = setUp()
    const other = callerOf('c2', { userId: 'ada' })
    for (const caller of [ada, other]) {
      await connect(caller, 'general')
      await joinRoom(caller, join({ roomId: 'team-1' }))
    }
    await disconnect('ada', 'c1')
    for (const room of ['general', 'team-1', await personalRoomOf('ada')]) {
      expect([await isMember(room, 'c1'), await isMember(room, 'c2')]).toEqual([false, true])
    }
  })

  it('takes both out when two tabs close at once', async () => {
    const { connect, disconnect, isMember } = setUp()
    await connect(callerOf('c1'), 'general')
    await connect(callerOf('c2'), 'general')
    await Promise.all([disconnect('ada', 'c1'), disconnect('ada', 'c2')])
    expect([await isMember('general', 'c1'), await isMember('general', 'c2')]).toEqual([false, false])
  })

  it('is heard by a join that comes after it', async () => {
    const { disconnect, join: joinRoom, isMember } = setUp()
    await disconnect('ada', 'c1')
    await expect(joinRoom(ada, join())).rejects.toMatchObject({ code: 'forbidden' })
    expect(await isMember('general', 'c1')).toBe(false)
  })
})

describe('join-room', () => {
  it('answers an empty room with no epoch', async () => {
    const { join: joinRoom, isMember } = setUp()
    expect(await joinRoom(ada, join())).toEqual({
      type: 'joined',
      id: '8',
      roomId: 'general',
      epoch: null,
      seq: 0,
      floor: 1,
      messages: [],
      recovered: true,
      more: false,
    })
    expect(await isMember('general', 'c1')).toBe(true)
  })

  it('returns the newest messages, and says that there are older ones', async () => {
    const { join: joinRoom, appendMany } = setUp()
    await appendMany(12)
    const joined = await joinRoom(ada, join({ limit: 5 }))
    expect([seqsOf(joined), joined.seq, joined.more]).toEqual([[8, 9, 10, 11, 12], 12, true])
  })

  it('returns everything after since, page by page', async () => {
    const { join: joinRoom, appendMany, log } = setUp()
    await appendMany(12)
    const { epoch } = await log.head('general')
    const first = await joinRoom(ada, join({ since: { epoch, seq: 4 }, limit: 5 }))
    expect([seqsOf(first), first.recovered, first.more]).toEqual([[5, 6, 7, 8, 9], true, true])
    const second = await joinRoom(ada, join({ since: { epoch, seq: 9 }, limit: 5 }))
    expect([seqsOf(second), second.recovered, second.more]).toEqual([[10, 11, 12], true, false])
    const last = await joinRoom(ada, join({ since: { epoch, seq: 12 } }))
    expect([seqsOf(last), last.recovered, last.more]).toEqual([[], true, false])
  })

  it('returns everything to one who knew an empty room', async () => {
    const { join: joinRoom, appendMany } = setUp()
    await appendMany(3)
    const joined = await joinRoom(ada, join({ since: { epoch: null, seq: 0 } }))
    expect([seqsOf(joined), joined.recovered]).toEqual([[1, 2, 3], true])
  })

  it.each([
    ['of another epoch', { epoch: 'gone', seq: 2 }],
    ['beyond the head', { seq: 99 }],
    ['without an epoch and yet with a seq', { epoch: null, seq: 2 }],
  ])('hides no loss from a since %s: it returns the newest and says so', async (_, since) => {
    const { join: joinRoom, appendMany, log } = setUp()
    await appendMany(3)
    const { epoch } = await log.head('general')
    const joined = await joinRoom(ada, join({ since: { epoch, ...since } }))
    expect([seqsOf(joined), joined.recovered]).toEqual([[1, 2, 3], false])
  })

  it('cuts a page by bytes, from the side that was asked for', async () => {
    const { join: joinRoom, appendMany, log, limits } = setUp()
    await appendMany(10, 'x'.repeat(8_000))
    const { epoch } = await log.head('general')
    const newest = await joinRoom(ada, join())
    expect([seqsOf(newest), newest.more]).toEqual([[8, 9, 10], true])
    const after = await joinRoom(ada, join({ since: { epoch, seq: 2 } }))
    expect([seqsOf(after), after.more]).toEqual([[3, 4, 5], true])
    for (const frame of [newest, after]) expect(jsonBytes(frame)).toBeLessThanOrEqual(limits.serverFrameBytes)
  })

  it('refuses a room outside the token, and one room too many', async () => {
    const { join: joinRoom, isMember } = setUp({ roomsPerConnection: 2 })
    await expect(joinRoom(ada, join({ roomId: 'secret' }))).rejects.toMatchObject({ code: 'forbidden' })
    await joinRoom(ada, join({ roomId: 'team-1' }))
    await joinRoom(ada, join({ roomId: 'team-2' }))
    await expect(joinRoom(ada, join())).rejects.toMatchObject({ code: 'forbidden' })
    await joinRoom(ada, join({ roomId: 'team-2' }))
    expect(await isMember('general', 'c1')).toBe(false)
  })
})

describe('leave-room', () => {
  it('takes the connection out, and answers alike when it was not in', async () => {
    const { join: joinRoom, leave, isMember } = setUp()
    await joinRoom(ada, join())
    const frame = { action: 'leaveRoom' as const, id: '3', roomId: 'general' }
    expect(await leave(ada, frame)).toEqual({ type: 'left', id: '3', roomId: 'general' })
    expect(await isMember('general', 'c1')).toBe(false)
    expect(await leave(ada, frame)).toEqual({ type: 'left', id: '3', roomId: 'general' })
  })

  it('keeps the connection in its user’s own room', async () => {
    const { leave, connect, isMember } = setUp()
    await connect(ada, undefined)
    const roomId = await personalRoomOf('ada')
    await expect(leave(ada, { action: 'leaveRoom', roomId })).rejects.toMatchObject({ code: 'forbidden' })
    expect(await isMember(roomId, 'c1')).toBe(true)
  })
})

describe('get-history', () => {
  it('pages both ways, and from the end', async () => {
    const { join: joinRoom, history: get, appendMany } = setUp()
    await appendMany(9)
    await joinRoom(ada, join())
    const newest = await get(ada, history({ limit: 3 }))
    expect([seqsOf(newest), newest.more]).toEqual([[7, 8, 9], true])
    const older = await get(ada, history({ before: 7, limit: 9 }))
    expect([seqsOf(older), older.more]).toEqual([[1, 2, 3, 4, 5, 6], false])
    const after = await get(ada, history({ after: 2, limit: 3 }))
    expect([seqsOf(after), after.more]).toEqual([[3, 4, 5], true])
  })

  it('refuses who is not a member, and an epoch that is over', async () => {
    const { join: joinRoom, history: get, append } = setUp()
    const { epoch } = await append()
    await expect(get(ada, history())).rejects.toMatchObject({ code: 'not_a_member' })
    await joinRoom(ada, join())
    expect(seqsOf(await get(ada, history({ epoch })))).toEqual([1])
    await expect(get(ada, history({ epoch: 'over' }))).rejects.toMatchObject({ code: 'stale_cursor' })
  })
})

describe('hello', () => {
  it('tells who one is, where one’s rooms stand, and the limits', async () => {
    const { connect, hello, append, limits } = setUp()
    await connect(ada, 'general')
    const { epoch } = await append()
    expect(await hello(ada, { action: 'hello', id: '1' })).toEqual({
      type: 'hello',
      id: '1',
      connectionId: 'c1',
      userId: 'ada',
      roles: [],
      heads: { general: { epoch, seq: 1 } },
      limits,
      maxAgeSeconds: 7200,
    })
  })
})

describe('ping', () => {
  it('tells the heads of rooms, and null for those one is not in', async () => {
    const { join: joinRoom, ping: pingRooms, append } = setUp()
    await joinRoom(ada, join())
    const { epoch } = await append()
    await append('not for all', 'secret')
    const pong = await pingRooms(ada, ping({ rooms: ['general', 'secret'] }))
    expect(pong.heads).toEqual({ general: { epoch, seq: 1 }, secret: null })
  })

  it('renews all rows of a connection that outlives them, whichever rooms it names', async () => {
    const { connect, join: joinRoom, ping: pingRooms, advance, isMember } = setUp()
    await connect(ada, 'general')
    advance(membershipMs * 0.4)
    await joinRoom(ada, join({ roomId: 'team-1' }))
    const everyMs = membershipMs / 30
    for (let round = 0; round < 100; round++) {
      advance(everyMs)
      await pingRooms(ada, ping())
    }
    for (const room of ['general', 'team-1', await personalRoomOf('ada')]) {
      expect(await isMember(room, 'c1')).toBe(true)
    }
    advance(membershipMs)
    expect(await isMember('general', 'c1')).toBe(false)
  })

  it('renews at the next ping what it could not renew at this one', async () => {
    const { connect, advance, isMember, directory, ...parts } = setUp()
    await connect(ada, 'general')
    advance(membershipMs * 0.6)
    let failing = true
    const flaky = {
      ...directory,
      renew: async (roomId: string, connectionId: string, expiresAtMs: number) => {
        if (failing) throw new ChatError('unavailable', 'The store is overloaded.')
        return directory.renew(roomId, connectionId, expiresAtMs)
      },
    }
    const pingOnce = makePing({ ...parts, directory: flaky })
    await expect(pingOnce(ada, ping())).rejects.toMatchObject({ code: 'unavailable' })
    failing = false
    await pingOnce(ada, ping())
    advance(membershipMs * 0.6)
    expect(await isMember('general', 'c1')).toBe(true)
  })

  it('does not undo a leave that comes at the same time', async () => {
    const { connect, advance, isMember, directory, ...parts } = setUp()
    await connect(ada, 'general')
    advance(membershipMs * 0.6)
    const leaving = {
      ...directory,
      renew: async (roomId: string, connectionId: string, expiresAtMs: number) => {
        if (roomId === 'general') await directory.leave(roomId, connectionId)
        return directory.renew(roomId, connectionId, expiresAtMs)
      },
    }
    await makePing({ ...parts, directory: leaving })(ada, ping())
    expect(await isMember('general', 'c1')).toBe(false)
  })
})
