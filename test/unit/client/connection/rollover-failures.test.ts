import { describe, expect, it } from 'vitest'
import type { Action, FrameOf } from '../../../../protocol/client-frames.ts'
import {
  announceAge,
  asksOnTheSecond,
  expectUnnoticed,
  hasChanged,
  holdJoins,
  inMidChange,
  inMidChangeOfTwo,
  secondOf,
} from '../../../support/client/changing.ts'
import {
  clientForTest,
  memberForTest,
  serverForTest,
  type TestClient,
  until,
} from '../../../support/client/test-client.ts'
import type { ScriptedConnection, ScriptedServer } from '../../../support/servers/scripted-server.ts'

const statusesOf = ({ events }: TestClient) => events.state.map(({ status }) => status)

/** Answers an action on every connection but the first with an error, for so many times. */
const failOnOthers = <A extends Action>(
  server: ScriptedServer,
  action: A,
  error: object,
  times = Number.POSITIVE_INFINITY,
) => {
  let left = times
  server.script(action, (frame: FrameOf<A>, connection, proceed) => {
    if (connection === server.connections[0] || left <= 0) return proceed()
    left -= 1
    connection.send({ ...error, id: frame.id })
  })
}
const errorOf = (code: string, status: number, temporary = false) => ({
  ...{ type: 'error', code, status, message: `It is ${code}.`, temporary },
})

/** The present connection is the first one, and works. */
const goesOnAsBefore = async (server: ScriptedServer, client: TestClient) => {
  const seen = client.seqs('general').length
  await client.send('general', 'still here')
  await until(() => expect(client.seqs('general')).toHaveLength(seen + 1))
  expect(server.connections[0]?.isOpen()).toBe(true)
  expect(statusesOf(client)).toEqual(['connecting', 'open'])
}

describe('client, when the second connection cannot be had', () => {
  it('tells that it is one too many, goes on with the first, and tries again', async () => {
    const { server, client } = await memberForTest()
    server.refuse(429)
    announceAge(server)
    await until(() => expect(client.events.error.length).toBeGreaterThanOrEqual(2))
    expect(client.events.error[0]).toMatchObject({ code: 'rate_limited', status: 429 })
    await goesOnAsBefore(server, client)
    server.admit()
    await hasChanged(server)
    expect(statusesOf(client)).toEqual(['connecting', 'open'])
  })

  it.each([401, 403])('does not close for a refusal with %i while the first one lives', async (status) => {
    const server = await serverForTest()
    const attempts: number[] = []
    const client = clientForTest(server, {
      getToken: (attempt) => {
        attempts.push(attempt)
        return 'a.jwt.here'
      },
    })
    await client.connect()
    await client.joinRoom('general')
    server.refuse(status)
    announceAge(server)
    await until(() => expect(client.events.error.length).toBeGreaterThanOrEqual(2))
    expect(client.events.error[0]).toMatchObject({ status, message: `Refused with ${status}.` })
    await goesOnAsBefore(server, client)
    expect(attempts.slice(0, 3)).toEqual([1, 1, 2])
    // The ordinary way takes a refusal at its word.
    server.connections[0]?.drop()
    await until(() => expect(client.state()).toMatchObject({ status: 'closed', reason: { status } }))
  })

  it('tells that there is no token, goes on with the first, and asks again', async () => {
    const server = await serverForTest()
    const attempts: number[] = []
    const client = clientForTest(server, {
      getToken: async (attempt) => {
        attempts.push(attempt)
        if (attempts.length === 2) throw new Error('the identity provider is away')
        return 'a.jwt.here'
      },
    })
    await client.connect()
    await client.joinRoom('general')
    announceAge(server)
    await hasChanged(server)
    announceAge(server, 1)
    await until(() => expect(secondOf(server)?.isOpen()).toBe(false))
    expect(attempts).toEqual([1, 1, 2, 1])
    expect(client.events.error).toMatchObject([{ code: 'unauthorized', cause: expect.any(Error) }])
    expect(statusesOf(client)).toEqual(['connecting', 'open'])
  })

  it('tries for as long as the first one lives, and then goes the ordinary way', async () => {
    const { server, client } = await memberForTest()
    server.refuse(502)
    announceAge(server)
    await until(() => expect(server.authChecks.length).toBeGreaterThanOrEqual(2))
    await goesOnAsBefore(server, client)
    expect(client.events.error).toEqual([])
    server.connections[0]?.drop()
    await until(() => expect(client.state().status).toBe('offline'))
    server.admit()
    await until(() => expect(client.events.recovered).toHaveLength(1))
    expect(server.connections).toHaveLength(2)
  })

  it('takes what the server says on it for no word to the whole client', async () => {
    const { server, client, joins } = await inMidChange()
    server.refuse(502)
    secondOf(server)?.send({ type: 'disconnect', code: 4403, reason: 'kicked', reconnect: false })
    await until(() => expect(client.events.error).toMatchObject([{ code: 'forbidden', status: 4403 }]))
    await goesOnAsBefore(server, client)
    server.admit()
    joins.release()
    await until(() => expect(server.connections[0]?.isOpen()).toBe(false))
    expect(statusesOf(client)).toEqual(['connecting', 'open'])
    expect(client.events.disconnect).toHaveLength(1)
  })

  it('does not close for what the server says before its hello either', async () => {
    const { server, client } = await memberForTest()
    server.script('hello', (_frame, connection) => {
      server.plain()
      connection.send({ type: 'disconnect', code: 4401, reason: 'expired', reconnect: false })
    })
    announceAge(server)
    await until(() => expect(client.events.error).toMatchObject([{ code: 'unauthorized', status: 4401 }]))
    await until(() => expect(server.connections[0]?.isOpen()).toBe(false))
    expect(statusesOf(client)).toEqual(['connecting', 'open'])
  })
})

describe('client, when a connection is lost amid the change', () => {
  it('goes on with the first when it is the second, and tries again', async () => {
    const { server, client, joins } = await inMidChange()
    secondOf(server)?.drop()
    await until(() => expect(server.connections).toHaveLength(3))
    joins.release()
    await until(() => expect(server.connections[0]?.isOpen()).toBe(false))
    server.say('general', 'bob', 'one')
    await client.send('general', 'two')
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    expectUnnoticed(client)
  })

  it('waits for nothing on a second one that is gone', async () => {
    const { server, client, joins } = await inMidChange({ timings: { requestTimeoutMs: 60_000 } })
    server.refuse(502)
    secondOf(server)?.drop()
    await until(() => expect(server.authChecks.length).toBeGreaterThanOrEqual(2))
    await client.joinRoom('new')
    server.admit()
    joins.release()
    await until(() => expect(server.connections[0]?.isOpen()).toBe(false))
    expectUnnoticed(client)
  })

  it('has the second take over when it is the first, though it is not in every room yet', async () => {
    const { server, client, joins } = await inMidChange()
    server.script('sendMessage', (_frame, connection, proceed) => {
      if (connection !== server.connections[0]) proceed()
    })
    const sent = client.send('general', 'mine')
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    server.connections[0]?.drop()
    server.room('general').append('bob', 'meanwhile')
    await until(() => expect(client.state().status).toBe('resuming'))
    joins.release()
    await expect(sent).resolves.toMatchObject({ seq: 2 })
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    expect(statusesOf(client)).toEqual(['connecting', 'open', 'resuming', 'open'])
    expect(client.events.recovered).toEqual([{ roomId: 'general', missed: 1 }])
    expect(server.connections).toHaveLength(2)
    const [first, again] = server.received('sendMessage')
    expect(again).toMatchObject({ clientMessageId: first?.clientMessageId, since: first?.since })
    await client.joinRoom('new')
    await client.send('new', 'joined on the one connection that there is')
    expect(server.received('joinRoom').filter(({ roomId }) => roomId === 'new')).toHaveLength(1)
  })

  it('comes back the ordinary way when the second one has not said hello yet', async () => {
    const { server, client } = await memberForTest()
    server.script('hello', () => server.plain())
    announceAge(server)
    await until(() => expect(server.received('hello')).toHaveLength(2))
    server.connections[0]?.drop()
    await until(() => expect(client.events.recovered).toHaveLength(1))
    expect(statusesOf(client)).toEqual(['connecting', 'open', 'offline', 'connecting', 'resuming', 'open'])
    await until(() => expect(secondOf(server)?.isOpen()).toBe(false))
    expect(server.connections).toHaveLength(3)
  })

  it('changes again from the connection that took over', async () => {
    const { server, client, joins } = await inMidChange()
    server.connections[0]?.drop()
    await until(() => expect(client.state().status).toBe('resuming'))
    joins.release()
    await until(() => expect(client.state().status).toBe('open'))
    announceAge(server, 1)
    await until(() => expect(server.connections[1]?.isOpen()).toBe(false))
    await client.send('general', 'on the third')
    expect(server.connections).toHaveLength(3)
  })

  it('is closed for good on both, when it is closed', async () => {
    const { server, client } = await inMidChange()
    client.close()
    await until(() => expect(server.connections.map(({ isOpen }) => isOpen())).toEqual([false, false]))
    expect(statusesOf(client)).toEqual(['connecting', 'open', 'closed'])
  })

  it('is closed for good on the one before as well, while that has something to finish', async () => {
    const { server, client } = await memberForTest('general', { timings: { requestTimeoutMs: 60_000 } })
    server.script('sendMessage', () => undefined)
    const sent = client.send('general', 'never answered')
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    announceAge(server)
    await asksOnTheSecond(server, client)
    client.close()
    await expect(sent).rejects.toMatchObject({ code: 'closed' })
    await until(() => expect(server.connections.map(({ isOpen }) => isOpen())).toEqual([false, false]))
  })

  it('takes what the server says on the one before for no word to the whole client', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (_frame, connection, proceed) => {
      if (connection !== server.connections[0]) proceed()
    })
    const sent = client.send('general', 'sent again')
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    announceAge(server)
    await asksOnTheSecond(server, client)
    server.connections[0]?.send({ type: 'disconnect', code: 4403, reason: 'kicked', reconnect: false })
    await expect(sent).resolves.toMatchObject({ seq: 1 })
    await hasChanged(server)
    expectUnnoticed(client)
  })

  it('opens no other connection once it is closed', async () => {
    const server = await serverForTest()
    const token = Promise.withResolvers<string>()
    let calls = 0
    const client = clientForTest(server, { getToken: () => (++calls === 1 ? 'a.jwt.here' : token.promise) })
    await client.connect()
    announceAge(server)
    await until(() => expect(calls).toBe(2))
    client.close()
    token.resolve('a.jwt.here')
    await until(() => expect(server.connections[0]?.isOpen()).toBe(false))
    expect(server.connections).toHaveLength(1)
  })
})

describe('client, when a room makes difficulties amid the change', () => {
  it('tries a join again that cannot be answered now, while the first connection goes on', async () => {
    const { server, client } = await memberForTest()
    failOnOthers(server, 'joinRoom', errorOf('unavailable', 503, true), 3)
    announceAge(server)
    await until(() => expect(server.received('joinRoom').length).toBeGreaterThan(2))
    server.say('general', 'bob', 'one')
    await hasChanged(server)
    await until(() => expect(client.seqs('general')).toEqual([1]))
    expect(server.received('joinRoom')).toHaveLength(5)
    expectUnnoticed(client)
  })

  it('does not give up a room because a handler fails', async () => {
    const { server, client } = await memberForTest()
    failOnOthers(server, 'joinRoom', errorOf('internal', 500), 2)
    announceAge(server)
    await hasChanged(server)
    expectUnnoticed(client)
  })

  it('tells that a room cannot be joined any more, and changes with the others', async () => {
    const { server, client } = await memberForTest()
    await client.joinRoom('other')
    server.script('joinRoom', (frame, connection, proceed) => {
      if (frame.roomId === 'general') connection.send({ ...errorOf('forbidden', 403), id: frame.id })
      else proceed()
    })
    announceAge(server)
    await hasChanged(server)
    expect(client.events.left).toMatchObject([{ roomId: 'general', error: { code: 'forbidden' } }])
    await client.send('other', 'still here')
    expect(statusesOf(client)).toEqual(['connecting', 'open'])
  })

  it('joins a room on both that is entered meanwhile', async () => {
    const { server, client, joins } = await inMidChange()
    server.room('new').append('bob', 'one')
    const page = await client.joinRoom('new')
    expect(page.messages).toMatchObject([{ seq: 1 }])
    expect(server.connections[0]?.rooms.has('new')).toBe(true)
    joins.release()
    await hasChanged(server)
    expect(secondOf(server)?.rooms.has('new')).toBe(true)
    server.say('new', 'bob', 'two')
    await until(() => expect(client.seqs('new')).toEqual([2]))
    expectUnnoticed(client)
  })

  it('leaves a room on both that is left meanwhile, and not before it is in', async () => {
    const { server, client, joins } = await inMidChangeOfTwo()
    const left = client.leaveRoom('general')
    // What was sent before this is there when this is answered.
    await client.send('other', 'heard')
    expect(server.received('leaveRoom')).toEqual([])
    joins.held.shift()?.()
    await left
    const rooms = server.connections.map((connection) => [...connection.rooms])
    expect(rooms).toEqual([['other'], []])
    joins.release()
    await hasChanged(server)
    server.say('general', 'bob', 'unheard')
    server.say('other', 'bob', 'heard')
    await until(() => expect(client.seqs('other')).toEqual([1, 2]))
    expect(client.seqs('general')).toEqual([])
  })

  it('opens one other connection, however often it is told that the limit is near', async () => {
    const { server, client, joins } = await inMidChange()
    announceAge(server)
    await client.send('general', 'still here')
    joins.release()
    await hasChanged(server)
    expect(server.connections).toHaveLength(2)
    expectUnnoticed(client)
  })

  it('changes at once when the last room that it waits for is left', async () => {
    const { server, client, joins } = await inMidChange()
    const left = client.leaveRoom('general')
    await hasChanged(server)
    server.room('general').append('bob', 'unheard')
    joins.release()
    await left
    expect(client.seqs('general')).toEqual([])
    await client.joinRoom('other')
    await client.send('other', 'on the second')
    expect(statusesOf(client)).toEqual(['connecting', 'open'])
  })

  it('fills a hole on the second connection whose filling was under way on the first', async () => {
    const { server, client, joins } = await inMidChangeOfTwo()
    joins.held.shift()?.()
    await until(() => expect(secondOf(server)?.rooms.has('general')).toBe(true))
    server.script('getHistory', (_frame, connection, proceed) => {
      if (connection !== server.connections[0]) proceed()
    })
    server.scriptPushes((frame, proceed) => frame.messages[0]?.seq === 3 && proceed())
    for (const content of ['one', 'two', 'three']) server.say('general', 'bob', content)
    await until(() => expect(server.received('getHistory')).toHaveLength(1))
    joins.release()
    await until(() => expect(secondOf(server)?.rooms.has('other')).toBe(true))
    await client.leaveRoom('other')
    server.connections[0]?.drop()
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3]))
  })

  it('asks for the heads of quiet rooms on the present connection, whichever that is', async () => {
    const { server, client } = await memberForTest('general', { timings: { quietMs: 40, keepAliveMs: 80 } })
    const joins = holdJoins(server)
    const asked = new Set<ScriptedConnection>()
    server.script('ping', (_frame, connection, proceed) => {
      asked.add(connection)
      proceed()
    })
    announceAge(server)
    await until(() => expect(joins.held).toHaveLength(1))
    server.room('general').append('bob', 'pushed to nobody')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    expect([...asked]).toEqual([server.connections[0]])
    joins.release()
    await hasChanged(server)
    asked.clear()
    server.room('general').append('bob', 'pushed to nobody either')
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    expect([...asked]).toEqual([secondOf(server)])
    expectUnnoticed(client)
  })
})

describe('a room that is left amid a change', () => {
  it('is joined again only when both connections have their answers, though one of them is a refusal', async () => {
    const { server, client } = await memberForTest('general')
    await client.joinRoom('other')
    // The second connection is in one room, and waits for the other: the change is not over.
    server.script('joinRoom', ({ roomId }, connection, proceed) => {
      if (connection !== secondOf(server) || roomId === 'general') proceed()
    })
    announceAge(server)
    await until(() => expect(secondOf(server)?.rooms.has('general')).toBe(true))
    const held: (() => void)[] = []
    server.script('leaveRoom', (frame, connection, proceed) => {
      if (connection !== secondOf(server)) held.push(proceed)
      else connection.send({ ...refusal, id: frame.id })
    })
    const left = client.leaveRoom('general')
    const outcome = expect(left).rejects.toMatchObject({ code: 'internal' })
    await until(() => expect(server.received('leaveRoom')).toHaveLength(2))
    const before = server.received('joinRoom').length
    const joined = client.joinRoom('general')
    await client.history('other')
    expect(server.received('joinRoom')).toHaveLength(before)
    for (const proceed of held) proceed()
    await outcome
    await joined
    expect(server.received('joinRoom').length).toBeGreaterThan(before)
  })
})

const refusal = { type: 'error', code: 'internal', status: 500, message: 'Not now.', temporary: false }
