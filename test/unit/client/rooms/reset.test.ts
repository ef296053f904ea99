import { describe, expect, it } from 'vitest'
import {
  announceAge,
  hasChanged,
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
import type { ScriptedServer } from '../../../support/servers/scripted-server.ts'

/** A member that was handed three messages. */
const readerForTest = async (options = {}) => {
  const { server, client } = await memberForTest('general', options)
  for (const content of ['one', 'two', 'three']) server.say('general', 'bob', content)
  await until(() => expect(client.seqs('general')).toEqual([1, 2, 3]))
  return { server, client }
}

const losses: {
  readonly name: string
  readonly lose: (server: ScriptedServer) => void
  readonly page: object
}[] = [
  {
    name: 'expired',
    lose: (server) => {
      const room = server.room('general')
      for (let seq = 4; seq <= 9; seq++) room.append('bob', `message ${seq}`)
      room.expireBefore(8)
    },
    page: { epoch: 'epoch-1', floor: 8, messages: [{ seq: 8 }, { seq: 9 }] },
  },
  {
    name: 'went with its epoch',
    lose: (server) => {
      server.room('general').restart()
      server.room('general').append('bob', 'the first again')
    },
    page: { epoch: 'epoch-2', floor: 1, messages: [{ seq: 1 }] },
  },
  {
    name: 'went, and left the room empty',
    lose: (server) => server.room('general').restart(),
    page: { epoch: null, messages: [] },
  },
]

/** What was lost is told in one event, and what is said afterwards follows its page. */
const tellsOnce = async (server: ScriptedServer, client: TestClient, page: object) => {
  await until(() => expect(client.events.reset).toHaveLength(1))
  const [reset] = client.events.reset
  expect(reset).toMatchObject({
    ...page,
    roomId: 'general',
    recovered: false,
    since: { epoch: 'epoch-1', seq: 3 },
  })
  const next = (reset?.messages.at(-1)?.seq ?? 0) + 1
  server.say('general', 'bob', 'and on')
  await client.send('general', 'and on as well')
  await until(() => expect(client.seqs('general')).toEqual([1, 2, 3, next, next + 1]))
  expect(client.events.reset).toHaveLength(1)
  expect(client.events.recovered).toEqual([])
  expect(client.state().status).toBe('open')
}

describe.each(losses)('client, when what it missed $name', ({ lose, page }) => {
  it('says so once after it was away', async () => {
    const { server, client } = await readerForTest()
    server.connections[0]?.drop()
    lose(server)
    await tellsOnce(server, client, page)
  })

  it('says so once when the server has taken it for no member', async () => {
    const { server, client } = await readerForTest({ timings: { quietMs: 50 } })
    server.connections[0]?.rooms.delete('general')
    lose(server)
    await tellsOnce(server, client, page)
  })

  it('says so once when it changes its connection', async () => {
    const { server, client } = await readerForTest()
    lose(server)
    announceAge(server)
    await tellsOnce(server, client, page)
    await hasChanged(server)
    expect(client.events.state.map(({ status }) => status)).toEqual(['connecting', 'open'])
  })

  it('says so once when the second connection has to take over amid the change', async () => {
    const { server, client, joins } = await inMidChange()
    for (const content of ['one', 'two', 'three']) server.say('general', 'bob', content)
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3]))
    server.connections[0]?.drop()
    await until(() => expect(client.state().status).toBe('resuming'))
    lose(server)
    joins.release()
    await tellsOnce(server, client, page)
  })
})

describe('client, when it hears that something is missing', () => {
  it('says so once, when a hole in what is pushed cannot be filled any more', async () => {
    const { server, client } = await readerForTest()
    const room = server.room('general')
    for (let seq = 4; seq <= 8; seq++) room.append('bob', `message ${seq}`)
    room.expireBefore(8)
    server.say('general', 'bob', 'nine')
    await tellsOnce(server, client, { floor: 8, messages: [{ seq: 8 }, { seq: 9 }] })
  })

  it('says so once, when another epoch is pushed', async () => {
    const { server, client } = await readerForTest()
    server.room('general').restart()
    server.say('general', 'bob', 'the first again')
    await tellsOnce(server, client, { epoch: 'epoch-2', messages: [{ seq: 1 }] })
  })

  it('says so once, when another epoch is pushed amid a change of its connection', async () => {
    const { server, client, joins } = await inMidChangeOfTwo(readerForTest())
    server.room('general').restart()
    server.say('general', 'bob', 'the first again')
    // Time enough for a join on the first connection as well, if one were asked for.
    await client.send('other', 'one')
    await client.send('other', 'two')
    joins.release()
    await tellsOnce(server, client, { epoch: 'epoch-2', messages: [{ seq: 1 }] })
    await hasChanged(server)
  })

  it('says so once, when a message that it sends meets another epoch', async () => {
    const { server, client } = await readerForTest()
    server.room('general').restart()
    server.room('general').append('bob', 'the first again')
    await client.send('general', 'mine')
    expect(client.events.reset).toMatchObject([
      { epoch: 'epoch-2', recovered: false, messages: [{ seq: 1 }] },
    ])
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3, 2]))
  })

  it.each(['after it was away', 'when it changes its connection'])(
    'believes the server %s, though it knows of no gap',
    async (when) => {
      const { server, client } = await readerForTest()
      server.script('joinRoom', (frame, connection) => {
        connection.rooms.add('general')
        const { since, ...anew } = frame
        connection.send({ ...server.room('general').join(anew), id: frame.id })
      })
      if (when === 'after it was away') server.connections[0]?.drop()
      else announceAge(server)
      await tellsOnce(server, client, { messages: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] })
      expect(secondOf(server)?.isOpen()).toBe(true)
    },
  )

  it('says nothing of the kind of the page that it begins with', async () => {
    const server = await serverForTest()
    server.room('general').append('bob', 'one')
    const client = clientForTest(server)
    let isFirst = true
    server.script('joinRoom', (_frame, connection, proceed) => {
      if (!isFirst) return proceed()
      isFirst = false
      connection.drop()
    })
    await client.connect()
    const page = await client.joinRoom('general')
    expect(page.messages).toMatchObject([{ seq: 1 }])
    expect([client.events.reset, client.events.recovered]).toEqual([[], []])
  })
})
