import { describe, expect, it, onTestFinished } from 'vitest'
import type { MessagesFrame } from '../../../../protocol/server-frames.ts'
import { clientForTest, memberForTest, serverForTest, until } from '../../../support/client/test-client.ts'

const contentsOf = (messages: readonly { readonly content: string }[]) =>
  messages.map(({ content }) => content)

describe('client, in a room', () => {
  it('hands over the joined page, then every message in order', async () => {
    const server = await serverForTest()
    server.room('general').append('bob', 'before')
    const client = clientForTest(server)
    await client.connect()
    const page = await client.joinRoom('general', { limit: 10 })
    expect(contentsOf(page.messages)).toEqual(['before'])
    server.say('general', 'bob', 'one')
    server.say('general', 'bob', 'two')
    await until(() => expect(client.seqs('general')).toEqual([2, 3]))
    expect(client.events.message[0]).toMatchObject({ roomId: 'general', epoch: 'epoch-1' })
    expect(server.received('joinRoom')[0]).toMatchObject({ limit: 10 })
  })

  it('puts messages that overtook each other back in order, without asking for them', async () => {
    const { server, client } = await memberForTest()
    const late: (() => void)[] = []
    server.scriptPushes((frame, proceed) => {
      if (frame.messages[0]?.seq === 2) late.push(proceed)
      else proceed()
    })
    for (const content of ['one', 'two', 'three']) server.say('general', 'bob', content)
    late[0]?.()
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3]))
    expect(server.received('getHistory')).toEqual([])
  })

  it('drops what it has shown already', async () => {
    const { server, client } = await memberForTest()
    server.scriptPushes((_frame, proceed) => {
      proceed()
      proceed()
    })
    for (const content of ['one', 'two']) server.say('general', 'bob', content)
    server.plain()
    server.say('general', 'bob', 'three')
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3]))
  })

  it('fetches what is missing, page by page, when a hole does not close', async () => {
    const { server, client } = await memberForTest()
    server.script('getHistory', (frame, connection) =>
      connection.send({ ...server.room('general').history({ ...frame, limit: 2 }), id: frame.id }),
    )
    server.scriptPushes((frame, proceed) => (frame.messages[0]?.seq ?? 0) > 5 && proceed())
    for (let seq = 1; seq <= 6; seq++) server.say('general', 'bob', `message ${seq}`)
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3, 4, 5, 6]))
    expect(server.received('getHistory').map(({ after }) => after)).toEqual([0, 2, 4])
  })

  it('asks again when history cannot be read for a moment', async () => {
    const { server, client } = await memberForTest()
    let refusals = 2
    server.script('getHistory', (frame, connection, proceed) => {
      if (refusals-- <= 0) proceed()
      else connection.send({ ...unavailable, id: frame.id })
    })
    server.scriptPushes((frame, proceed) => frame.messages[0]?.seq === 2 && proceed())
    for (const content of ['one', 'two']) server.say('general', 'bob', content)
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
  })

  it('holds back what is pushed before the join is answered, and merges it', async () => {
    const server = await serverForTest()
    const room = server.room('general')
    room.append('bob', 'one')
    const client = clientForTest(server)
    await client.connect()
    server.script('joinRoom', (_frame, connection, proceed) => {
      connection.send({ ...room.append('bob', 'two') })
      const later: MessagesFrame = room.append('bob', 'three')
      proceed()
      connection.send(later)
    })
    const page = await client.joinRoom('general')
    expect(contentsOf(page.messages)).toEqual(['one', 'two', 'three'])
    server.say('general', 'bob', 'four')
    await until(() => expect(client.seqs('general')).toEqual([4]))
  })

  it('hands over the page before what follows it, however close that comes', async () => {
    const server = await serverForTest()
    const client = clientForTest(server)
    await client.connect()
    const order: string[] = []
    client.on('message', ({ message }) => order.push(message.content))
    server.script('joinRoom', (_frame, _connection, proceed) => {
      server.room('general').append('bob', 'one')
      proceed()
      server.say('general', 'bob', 'two')
      setImmediate(() => server.say('general', 'bob', 'three'))
    })
    await client.joinRoom('general').then(({ messages }) => order.push(...contentsOf(messages)))
    await until(() => expect(order).toEqual(['one', 'two', 'three']))
  })

  it('finds the last message of a room that fell quiet', async () => {
    const { server, client } = await memberForTest('general', { timings: { quietMs: 50 } })
    server.scriptPushes(() => undefined)
    server.say('general', 'bob', 'pushed to nobody')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    expect(server.received('ping')[0]).toMatchObject({ rooms: ['general'] })
  })

  it('finds the last message although older ones are pushed again and again', async () => {
    const { server, client } = await memberForTest('general', { timings: { quietMs: 100 } })
    const one = server.room('general').append('bob', 'one')
    const pushing = setInterval(() => server.connections[0]?.send(one), 10)
    onTestFinished(() => clearInterval(pushing))
    await until(() => expect(client.seqs('general')).toEqual([1]))
    server.room('general').append('bob', 'behind a lane that has much to catch up with')
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
  })

  it('asks for ten quiet rooms at most in one ping', async () => {
    const server = await serverForTest()
    const client = clientForTest(server, { timings: { quietMs: 50 } })
    await client.connect()
    const roomIds = Array.from({ length: 12 }, (_, index) => `room-${index}`)
    await Promise.all(roomIds.map((roomId) => client.joinRoom(roomId)))
    await until(() => expect(server.received('ping').flatMap(({ rooms }) => rooms)).toHaveLength(12))
    expect(server.received('ping').map(({ rooms }) => rooms?.length)).toEqual([10, 2])
  })

  it('asks for no more rooms in one ping than hello allows', async () => {
    const server = await serverForTest({ roomsPerPing: 5 })
    const client = clientForTest(server, { timings: { quietMs: 50 } })
    await client.connect()
    const roomIds = Array.from({ length: 6 }, (_, index) => `room-${index}`)
    await Promise.all(roomIds.map((roomId) => client.joinRoom(roomId)))
    await until(() => expect(server.received('ping').map(({ rooms }) => rooms?.length)).toEqual([5, 1]))
  })

  it('fills a hole with pages no larger than hello allows', async () => {
    const server = await serverForTest({ historyPageMax: 2 })
    const client = clientForTest(server)
    await client.connect()
    await client.joinRoom('general')
    server.scriptPushes((frame, proceed) => (frame.messages[0]?.seq ?? 0) > 4 && proceed())
    for (let seq = 1; seq <= 5; seq++) server.say('general', 'bob', `message ${seq}`)
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3, 4, 5]))
    expect(server.received('getHistory').map(({ after, limit }) => [after, limit])).toEqual([
      [0, 2],
      [2, 2],
    ])
  })

  it('cuts the limit that it is given to what hello allows', async () => {
    const server = await serverForTest({ historyPageMax: 2 })
    for (const content of ['one', 'two', 'three', 'four']) server.room('general').append('bob', content)
    const client = clientForTest(server)
    await client.connect()
    const page = await client.joinRoom('general', { limit: 50 })
    expect(contentsOf(page.messages)).toEqual(['three', 'four'])
    const older = await client.history('general', { before: 3, limit: 50 })
    expect(contentsOf(older.messages)).toEqual(['one', 'two'])
  })

  it('joins again when the server says that it is no member', async () => {
    const { server, client } = await memberForTest('general', { timings: { quietMs: 50 } })
    server.connections[0]?.rooms.delete('general')
    server.say('general', 'bob', 'unheard')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    expect(server.received('joinRoom').at(-1)).toMatchObject({ since: { epoch: null, seq: 0 } })
  })

  it('joins again when history says so while a join is wanted already', async () => {
    const { server, client } = await memberForTest()
    const held: (() => void)[] = []
    server.script('getHistory', (_frame, _connection, proceed) => held.push(proceed))
    server.scriptPushes((frame, proceed) => frame.messages[0]?.seq === 2 && proceed())
    for (const content of ['one', 'two']) server.say('general', 'bob', content)
    await until(() => expect(held).toHaveLength(1))
    server.connections[0]?.rooms.delete('general')
    const sent = client.send('general', 'three')
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    // The reply that says so comes before the one to the page that was asked for earlier.
    held[0]?.()
    expect(await sent).toMatchObject({ seq: 3 })
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3]))
    expect(client.events.left).toEqual([])
  })

  it('begins anew when the room has another epoch', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'of the old epoch')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    server.room('general').restart()
    server.say('general', 'bob', 'of the new one')
    await until(() => expect(client.events.reset).toHaveLength(1))
    expect(client.events.reset[0]).toMatchObject({ epoch: 'epoch-2', messages: [{ seq: 1 }] })
    server.say('general', 'bob', 'and on')
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
  })

  it('reads older history on demand, in the epoch that it knows', async () => {
    const { server, client } = await memberForTest()
    for (const content of ['one', 'two', 'three']) server.say('general', 'bob', content)
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3]))
    const page = await client.history('general', { before: 3, limit: 1 })
    expect(contentsOf(page.messages)).toEqual(['two'])
    expect(page.more).toBe(true)
    expect(server.received('getHistory')[0]).toMatchObject({ epoch: 'epoch-1', before: 3, limit: 1 })
  })

  it('rejects a join that the server refuses, and can try again', async () => {
    const server = await serverForTest()
    const client = clientForTest(server)
    await client.connect()
    server.script('joinRoom', (frame, connection) => connection.send({ ...forbidden, id: frame.id }))
    await expect(client.joinRoom('secret')).rejects.toMatchObject({ code: 'forbidden', status: 403 })
    server.plain()
    await expect(client.joinRoom('secret')).resolves.toMatchObject({ roomId: 'secret' })
  })

  it('hears nothing of a room that it left, and joins it again only when the server has let go', async () => {
    const { server, client } = await memberForTest()
    const order: string[] = []
    server.script('joinRoom', (_frame, _connection, proceed) => {
      order.push('join')
      proceed()
    })
    server.script('leaveRoom', (_frame, _connection, proceed) => {
      setTimeout(() => {
        order.push('left')
        proceed()
      }, 20)
    })
    const left = client.leaveRoom('general')
    server.say('general', 'bob', 'too late')
    await client.joinRoom('general')
    await left
    expect(order).toEqual(['left', 'join'])
    expect(client.seqs('general')).toEqual([])
  })

  it('keeps several rooms apart', async () => {
    const { server, client } = await memberForTest('general')
    await client.joinRoom('random')
    server.say('general', 'bob', 'g1')
    server.say('random', 'bob', 'r1')
    server.say('general', 'bob', 'g2')
    await until(() => expect(client.events.message).toHaveLength(3))
    expect(client.seqs('general')).toEqual([1, 2])
    expect(client.seqs('random')).toEqual([1])
  })
})

const unavailable = {
  type: 'error',
  code: 'unavailable',
  status: 503,
  message: 'The store is out of reach.',
  temporary: true,
}
const forbidden = {
  type: 'error',
  code: 'forbidden',
  status: 403,
  message: 'Not this room.',
  temporary: false,
}
