import { describe, expect, it } from 'vitest'
import {
  announceAge,
  announcement,
  asksOnTheSecond,
  expectUnnoticed,
  hasChanged,
  inMidChange,
  inMidChangeOfTwo,
  secondOf,
} from '../../../support/client/changing.ts'
import { clientForTest, memberForTest, serverForTest, until } from '../../../support/client/test-client.ts'
import type { ScriptedConnection } from '../../../support/servers/scripted-server.ts'

const rateLimited = {
  type: 'error',
  code: 'rate_limited',
  status: 429,
  message: 'Not so fast.',
  temporary: true,
  retryAfterMs: 300,
}

describe('client, changing its connection', () => {
  it('opens another one before the age limit, joins with since, and closes the first', async () => {
    const server = await serverForTest()
    server.limitAge(0.3)
    const client = clientForTest(server)
    await client.connect()
    server.limitAge(null)
    await client.joinRoom('general')
    await client.joinRoom('other')
    server.say('general', 'bob', 'one')
    await hasChanged(server)
    server.say('general', 'bob', 'two')
    await client.send('other', 'mine')
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    expect(server.received('joinRoom').slice(2)).toMatchObject([
      { roomId: 'general', since: { epoch: 'epoch-1', seq: 1 } },
      { roomId: 'other', since: { epoch: null, seq: 0 } },
    ])
    expect(server.connections).toHaveLength(2)
    expectUnnoticed(client)
  })

  it('begins at once when the server says that the limit is near', async () => {
    const { server, client } = await memberForTest()
    announceAge(server)
    await hasChanged(server)
    expect(client.events.disconnect).toEqual([announcement])
    expectUnnoticed(client)
  })

  it('changes again and again', async () => {
    const { server, client } = await memberForTest()
    for (const index of [0, 1, 2]) {
      announceAge(server, index)
      await until(() => {
        expect(server.connections[index]?.isOpen()).toBe(false)
        expect(server.connections[index + 1]?.isOpen()).toBe(true)
      })
      server.say('general', 'bob', `message ${index}`)
    }
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3]))
    expectUnnoticed(client)
  })

  it('changes in no room as well', async () => {
    const server = await serverForTest()
    const client = clientForTest(server)
    await client.connect()
    announceAge(server)
    await hasChanged(server)
    expectUnnoticed(client)
  })

  it('hands over what both connections bring once, in order, and while it waits for the join', async () => {
    const { server, client, joins } = await inMidChangeOfTwo()
    server.say('general', 'bob', 'one')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    joins.held.shift()?.()
    await until(() => expect(secondOf(server)?.rooms.has('general')).toBe(true))
    for (const content of ['two', 'three']) server.say('general', 'bob', content)
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3]))
    joins.release()
    await hasChanged(server)
    server.say('general', 'bob', 'four')
    await until(() => expect(client.seqs('general')).toEqual([1, 2, 3, 4]))
    expectUnnoticed(client)
  })

  it('takes what the first connection was not told from the join on the second', async () => {
    const { server, client } = await memberForTest()
    server.scriptPushes(() => undefined)
    server.say('general', 'bob', 'pushed to nobody')
    server.plain()
    announceAge(server)
    await until(() => expect(client.seqs('general')).toEqual([1]))
    await hasChanged(server)
    expectUnnoticed(client)
  })

  it('takes the first message of a room sooner than the join that finds none', async () => {
    const { server, client } = await memberForTest()
    server.script('joinRoom', (frame, connection) => {
      const before = server.room('general').join(frame)
      connection.rooms.add('general')
      server.say('general', 'bob', 'the first')
      connection.send({ ...before, id: frame.id })
    })
    announceAge(server)
    await hasChanged(server)
    server.say('general', 'bob', 'the second')
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    expectUnnoticed(client)
  })

  it('begins anew, once and in so many words, when the join on the second cannot go on', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'of the old epoch')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    server.room('general').restart()
    server.room('general').append('bob', 'of the new epoch')
    announceAge(server)
    await hasChanged(server)
    server.say('general', 'bob', 'and on')
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    expect(client.events.reset).toMatchObject([{ epoch: 'epoch-2', messages: [{ seq: 1 }] }])
    expect(client.events.recovered).toEqual([])
    expect(client.events.state.map(({ status }) => status)).toEqual(['connecting', 'open'])
  })

  it('keeps what is pushed while the join finds that it has to begin anew', async () => {
    const { server, client } = await memberForTest()
    for (let seq = 1; seq <= 9; seq++) server.room('general').append('bob', `message ${seq}`)
    server.room('general').expireBefore(8)
    server.script('joinRoom', (frame, connection) => {
      const page = server.room('general').join(frame)
      connection.rooms.add('general')
      server.say('general', 'bob', 'ten')
      connection.send({ ...page, id: frame.id })
    })
    announceAge(server)
    await hasChanged(server)
    const seqs = [{ seq: 8 }, { seq: 9 }, { seq: 10 }]
    expect(client.events.reset).toMatchObject([{ floor: 8, messages: seqs }])
    expect(client.events.message).toEqual([])
  })
})

describe('client, changing its connection while messages are on their way', () => {
  it('leaves a message to the connection that it was sent on, and sends the next on the other', async () => {
    const { server, client } = await memberForTest()
    const acks: (() => void)[] = []
    const senders: (ScriptedConnection | undefined)[] = []
    server.script('sendMessage', (_frame, connection, proceed) => {
      senders.push(connection)
      if (connection === server.connections[0]) acks.push(proceed)
      else proceed()
    })
    const first = client.send('general', 'first')
    const second = client.send('general', 'second')
    await until(() => expect(acks).toHaveLength(1))
    announceAge(server)
    await asksOnTheSecond(server, client)
    expect(server.connections[0]?.isOpen()).toBe(true)
    acks[0]?.()
    expect([await first, await second]).toMatchObject([{ seq: 1 }, { seq: 2 }])
    await hasChanged(server)
    expect(senders).toEqual([server.connections[0], server.connections[1]])
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    expectUnnoticed(client)
  })

  it('sends a message again, the same, when the first connection ends before the ack', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (frame, connection, proceed) => {
      if (connection === server.connections[0]) server.room('general').receive('ada', undefined, frame)
      else proceed()
    })
    const sent = client.send('general', 'only once')
    await until(() => expect(server.room('general').head()).toBe(1))
    // What the join finds would be as good as the ack.
    server.script('joinRoom', (frame, connection) => {
      connection.rooms.add('general')
      connection.send({ ...server.room('general').join(frame), messages: [], seq: 0, id: frame.id })
    })
    announceAge(server)
    await asksOnTheSecond(server, client)
    server.connections[0]?.drop()
    expect(await sent).toMatchObject({ seq: 1, duplicate: true })
    const [first, again] = server.received('sendMessage')
    expect(again).toMatchObject({ clientMessageId: first?.clientMessageId, since: first?.since })
    expect(server.room('general').head()).toBe(1)
    expectUnnoticed(client)
  })

  it('waits no longer than for any reply', async () => {
    const { server, client } = await memberForTest('general', { timings: { requestTimeoutMs: 100 } })
    server.script('sendMessage', (_frame, connection, proceed) => {
      if (connection !== server.connections[0]) proceed()
    })
    const sent = client.send('general', 'patience')
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    announceAge(server)
    await hasChanged(server)
    await expect(sent).resolves.toMatchObject({ seq: 1 })
    expectUnnoticed(client)
  })

  it('waits as long as the server asks, whichever connection it asked on', async () => {
    const { server, client } = await memberForTest()
    const times: number[] = []
    server.script('sendMessage', (frame, connection, proceed) => {
      times.push(performance.now())
      if (times.length > 1) proceed()
      else connection.send({ ...rateLimited, id: frame.id })
    })
    const sent = client.send('general', 'patience')
    await until(() => expect(times).toHaveLength(1))
    announceAge(server)
    await hasChanged(server)
    await sent
    const [first = 0, second = 0] = times
    expect(second - first).toBeGreaterThanOrEqual(299)
  })

  it('sends on the first connection as long as the other is not in every room', async () => {
    const { server, client, joins } = await inMidChange()
    const senders: ScriptedConnection[] = []
    server.script('sendMessage', (_frame, connection, proceed) => {
      senders.push(connection)
      proceed()
    })
    await client.send('general', 'on the first')
    joins.release()
    await hasChanged(server)
    await client.send('general', 'on the other')
    expect(senders).toEqual([server.connections[0], server.connections[1]])
    expectUnnoticed(client)
  })
})
