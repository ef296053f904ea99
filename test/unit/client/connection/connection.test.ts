import { describe, expect, it, vi } from 'vitest'
import { makeChatClient } from '../../../../client/chat-client.ts'
import {
  clientForTest,
  memberForTest,
  quickTimings,
  serverForTest,
  until,
} from '../../../support/client/test-client.ts'

const statusesOf = (states: readonly { readonly status: string }[]) => states.map(({ status }) => status)

describe('client, connecting', () => {
  it('is open once the server has said hello', async () => {
    const server = await serverForTest()
    const client = clientForTest(server, { name: 'Ada Lovelace' })
    const welcome = await client.connect()
    expect(welcome).toMatchObject({ userId: 'ada', connectionId: 'connection-1' })
    expect(welcome.limits.contentBytes).toBe(8192)
    expect(statusesOf(client.events.state)).toEqual(['connecting', 'open'])
    expect(server.connections[0]?.query.get('name')).toBe('Ada Lovelace')
    expect(server.connections[0]?.protocols).toEqual(['simple-chat.v1'])
  })

  it('offers its token as a subprotocol', async () => {
    const server = await serverForTest()
    const client = clientForTest(server, { getToken: async () => 'a.jwt.here' })
    await client.connect()
    expect(server.connections[0]?.protocols).toEqual(['simple-chat.v1', 'token.a.jwt.here'])
    expect(server.connections[0]?.query.get('userId')).toBeNull()
  })

  it.each([
    [400, 'bad_request'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [429, 'rate_limited'],
  ])('closes for good with the reason when the upgrade is refused with %i', async (status, code) => {
    const server = await serverForTest()
    server.refuse(status, 'This is why.')
    const client = clientForTest(server, { getToken: () => 'a.jwt.here' })
    await expect(client.connect()).rejects.toMatchObject({ code, status, message: 'This is why.' })
    expect(client.state()).toMatchObject({ status: 'closed', reason: { code } })
    expect(server.authChecks).toHaveLength(1)
    expect(server.authChecks[0]?.searchParams.get('token')).toBe('a.jwt.here')
  })

  it('closes for good, with a token or without, when pages of its origin may not connect', async () => {
    const server = await serverForTest()
    const message = 'Pages of this origin may not connect: see ALLOWED_ORIGINS.'
    server.refuse(403, message)
    for (const options of [{ getToken: () => 'a.jwt.here' }, {}]) {
      const client = clientForTest(server, options)
      await expect(client.connect()).rejects.toMatchObject({ code: 'forbidden', status: 403, message })
      expect(client.state()).toMatchObject({ status: 'closed', reason: { code: 'forbidden' } })
    }
    expect(server.authChecks).toHaveLength(2)
  })

  it('cannot even be made with an address that is none', async () => {
    const server = await serverForTest()
    expect(() => clientForTest(server, { authCheckUrl: 'https://' })).toThrow(TypeError)
    expect(() => clientForTest(server, { url: 'nowhere' })).toThrow(TypeError)
  })

  it('closes for good when what it is given cannot be a token', async () => {
    const server = await serverForTest()
    const client = clientForTest(server, { getToken: () => 'not a token' })
    await expect(client.connect()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(server.connections).toEqual([])
  })

  it('asks for another token when one was refused', async () => {
    const server = await serverForTest()
    server.refuse(401)
    const attempts: number[] = []
    const client = clientForTest(server, {
      getToken: (attempt) => {
        attempts.push(attempt)
        if (attempts.length > 1) server.admit()
        return `token-${attempts.length}`
      },
    })
    await client.connect()
    expect(server.connections[0]?.protocols.at(-1)).toBe('token.token-2')
  })

  it('gives up when the other token is refused as well', async () => {
    const server = await serverForTest()
    server.refuse(401)
    let number = 0
    const client = clientForTest(server, { getToken: () => `token-${++number}` })
    await expect(client.connect()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(number).toBe(2)
  })

  it('tries again when no token could be had', async () => {
    const server = await serverForTest()
    let calls = 0
    const client = clientForTest(server, {
      getToken: async () => {
        calls += 1
        if (calls === 1) throw new Error('the identity provider is away')
        return 'a.jwt.here'
      },
    })
    await client.connect()
    expect(client.events.error[0]).toMatchObject({ code: 'unauthorized', cause: expect.any(Error) })
  })

  it.each([
    ['a WebSocket API of AWS, to any plain request', 403, { message: 'Forbidden' }],
    ['a proxy that wants to know who asks', 401, { error: 'login' }],
    ['somebody else’s error', 403, { type: 'error', code: 'unauthorized', message: 'Not you.' }],
    ['an error frame for a passing trouble', 429, { type: 'error', code: 'unavailable', message: 'Busy.' }],
  ])('does not take the answer of %s for the reason: it goes on trying', async (_who, status, body) => {
    const server = await serverForTest()
    server.refuse(500)
    server.sayOfRefusals(status, body)
    const client = clientForTest(server, { getToken: () => 'a.jwt.here' })
    const connected = client.connect()
    await until(() => expect(server.authChecks.length).toBeGreaterThanOrEqual(2))
    server.admit()
    await connected
    expect(client.events.error).toEqual([])
  })

  it('goes on trying while the server is away or fails', async () => {
    const server = await serverForTest()
    server.refuse(502)
    const client = clientForTest(server)
    const connected = client.connect()
    await until(() => expect(server.authChecks.length).toBeGreaterThanOrEqual(3))
    server.admit()
    await connected
    expect(statusesOf(client.events.state).slice(0, 3)).toEqual(['connecting', 'offline', 'connecting'])
    expect(client.events.state.at(2)).toMatchObject({ attempt: 2 })
  })

  it('refuses to begin without a WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined)
    expect(() => makeChatClient({ url: 'ws://localhost/', userId: 'ada' })).toThrow('no WebSocket')
    vi.unstubAllGlobals()
  })
})

describe('client, losing its connection', () => {
  it('comes back, resumes where it was, and misses nothing', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'one')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    server.connections[0]?.drop()
    server.room('general').append('bob', 'two')
    server.room('general').append('bob', 'three')
    await until(() => expect(client.events.recovered).toEqual([{ roomId: 'general', missed: 2 }]))
    expect(client.seqs('general')).toEqual([1, 2, 3])
    expect(server.received('joinRoom').at(-1)).toMatchObject({ since: { epoch: 'epoch-1', seq: 1 } })
    expect(statusesOf(client.events.state)).toEqual([
      'connecting',
      'open',
      'offline',
      'connecting',
      'resuming',
      'open',
    ])
  })

  it('follows the pages of a long absence', async () => {
    const { server, client } = await memberForTest()
    server.connections[0]?.drop()
    for (let seq = 1; seq <= 700; seq++) server.room('general').append('bob', `message ${seq}`)
    await until(() => expect(client.events.recovered).toHaveLength(1))
    expect(client.seqs('general')).toEqual(Array.from({ length: 700 }, (_, index) => index + 1))
  })

  it('says so when what it missed is not to be had any more', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'one')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    server.connections[0]?.drop()
    for (let seq = 2; seq <= 9; seq++) server.room('general').append('bob', `message ${seq}`)
    server.room('general').expireBefore(8)
    await until(() => expect(client.state().status).toBe('open'))
    await until(() => expect(client.events.reset).toHaveLength(1))
    expect(client.events.reset[0]).toMatchObject({ floor: 8, messages: [{ seq: 8 }, { seq: 9 }] })
    expect(client.events.recovered).toEqual([])
    server.say('general', 'bob', 'ten')
    await until(() => expect(client.seqs('general')).toEqual([1, 10]))
  })

  it('tells when a room cannot be joined any more, and keeps the others', async () => {
    const { server, client } = await memberForTest()
    await client.joinRoom('other')
    server.script('joinRoom', (frame, connection, proceed) => {
      const banned = { type: 'error', code: 'forbidden', status: 403, message: 'Banned.', temporary: false }
      if (frame.roomId === 'general') connection.send({ ...banned, id: frame.id })
      else proceed()
    })
    server.connections[0]?.drop()
    await until(() => expect(client.events.left).toHaveLength(1))
    expect(client.events.left[0]).toMatchObject({ roomId: 'general', error: { code: 'forbidden' } })
    await until(() => expect(client.state().status).toBe('open'))
    server.say('other', 'bob', 'still here')
    await until(() => expect(client.seqs('other')).toEqual([1]))
  })

  it('does not give up a room because a handler fails', async () => {
    const { server, client } = await memberForTest()
    let failures = 2
    server.script('joinRoom', (frame, connection, proceed) => {
      const internal = { type: 'error', code: 'internal', status: 500, message: 'Oops.', temporary: false }
      if (failures-- <= 0) proceed()
      else connection.send({ ...internal, id: frame.id })
    })
    server.connections[0]?.drop()
    await until(() => expect(client.events.recovered).toHaveLength(1))
  })

  it('notices a server that has fallen silent, and finds another connection', async () => {
    const { server, client } = await memberForTest('general', {
      timings: { quietMs: 40, requestTimeoutMs: 60 },
    })
    server.connections[0]?.fallSilent()
    server.room('general').append('bob', 'unheard')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    expect(server.connections.length).toBeGreaterThan(1)
  })

  it('keeps the connection from idling, in no room as well', async () => {
    const server = await serverForTest()
    const client = clientForTest(server, { timings: { keepAliveMs: 40 } })
    await client.connect()
    await until(() => expect(server.received('ping').length).toBeGreaterThanOrEqual(2))
    expect(server.received('ping')[0]?.rooms).toBeUndefined()
  })

  it('comes back when the server asks for it', async () => {
    const { server, client } = await memberForTest()
    const frame = { type: 'disconnect', code: 4503, reason: 'going away', reconnect: true }
    server.connections[0]?.send(frame)
    await until(() => expect(client.events.recovered).toHaveLength(1))
    expect(client.events.disconnect).toEqual([frame])
  })

  it('stays away when the server asks for that', async () => {
    const { server, client } = await memberForTest()
    server.connections[0]?.send({ type: 'disconnect', code: 4403, reason: 'kicked', reconnect: false })
    await until(() => expect(client.state().status).toBe('closed'))
    expect(client.state()).toMatchObject({ reason: { code: 'forbidden', status: 4403 } })
    await expect(client.joinRoom('general')).rejects.toMatchObject({ code: 'forbidden' })
    expect(server.connections).toHaveLength(1)
  })

  it('waits out a limit of connections that its own dead ones may fill', async () => {
    const { server, client } = await memberForTest()
    server.refuse(429)
    server.connections[0]?.drop()
    await until(() => expect(server.authChecks.length).toBeGreaterThanOrEqual(2))
    server.admit()
    await until(() => expect(client.events.recovered).toHaveLength(1))
  })

  it('ignores frames that it does not understand', async () => {
    const { server, client } = await memberForTest()
    for (const frame of [{ type: 'presence', roomId: 'general' }, ['list'], { type: 'messages' }]) {
      server.connections[0]?.send(frame)
    }
    server.say('general', 'bob', 'one')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    expect(client.events.error).toEqual([])
  })

  it('waits longer after each failure', async () => {
    const server = await serverForTest()
    server.refuse(502)
    const client = clientForTest(server, {
      random: () => 1,
      timings: { ...quickTimings, backoffMinMs: 2, backoffMaxMs: 8 },
    })
    const connected = client.connect()
    await until(() => expect(client.events.state.length).toBeGreaterThan(8))
    const waits = client.events.state.flatMap((state) =>
      state.status === 'offline' ? [state.retryInMs] : [],
    )
    expect(waits.slice(0, 4)).toEqual([2, 4, 8, 8])
    client.close()
    await expect(connected).rejects.toMatchObject({ code: 'closed' })
  })
})
