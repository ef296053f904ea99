import { describe, expect, it } from 'vitest'
import { announceAge, hasChanged } from '../../../support/client/changing.ts'
import { clientForTest, memberForTest, type TestClient, until } from '../../../support/client/test-client.ts'
import type { ScriptedConnection, ScriptedServer } from '../../../support/servers/scripted-server.ts'

type Answer = (frame: { readonly id?: string | undefined }, connection: ScriptedConnection) => void

const answerWith =
  (code: string, temporary: boolean): Answer =>
  (frame, connection) =>
    connection.send({ type: 'error', id: frame.id, code, status: 500, message: 'No.', temporary })

const contentsOf = (client: TestClient, roomId?: string) =>
  client.unsent(roomId).map(({ content }) => content)
/** A promise that a test is done with. */
const ignored = (promise: Promise<unknown>) => {
  promise.catch(() => undefined)
}

/** Another client of the same user, as after a page was loaded again: it knows what the first one told. */
const successorOf = async (server: ScriptedServer, client: TestClient) => {
  const kept = client.unsent()
  client.close()
  const successor = clientForTest(server)
  await successor.connect()
  return { successor, kept }
}

describe('client, telling what is unsent', () => {
  it('lists what waits for a connection, room by room, in order', async () => {
    const { server, client } = await memberForTest()
    await client.joinRoom('other')
    expect(client.unsent()).toEqual([])
    server.refuse(502)
    server.connections[0]?.drop()
    await until(() => expect(client.state().status).not.toBe('open'))
    const sent = [
      client.send('other', 'one', { attributes: { lang: 'en' } }),
      client.send('general', 'two'),
      client.send('other', 'three', { clientMessageId: 'mine' }),
    ]
    expect(contentsOf(client)).toEqual(['two', 'one', 'three'])
    expect(contentsOf(client, 'other')).toEqual(['one', 'three'])
    const [first, second] = client.unsent('other')
    expect(first).toMatchObject({ roomId: 'other', attributes: { lang: 'en' }, inDoubt: false })
    expect(first?.since).toBeUndefined()
    expect(Date.parse(first?.queuedAt ?? '')).toBeLessThanOrEqual(Date.now())
    expect(second?.clientMessageId).toBe('mine')
    server.admit()
    await Promise.all(sent)
    expect(client.unsent()).toEqual([])
  })

  it('tells before a message is first sent where it would have to be tried again from', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'one')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    const lists: unknown[] = []
    client.on('unsent', () => lists.push([client.unsent(), server.received('sendMessage').length]))
    const sent = await client.send('general', 'mine', { clientMessageId: 'mine' })
    const message = {
      roomId: 'general',
      clientMessageId: 'mine',
      content: 'mine',
      queuedAt: expect.any(String),
    }
    const since = { epoch: 'epoch-1', seq: 1 }
    expect(lists).toEqual([
      [[{ ...message, inDoubt: false }], 0],
      [[{ ...message, since, inDoubt: true }], 0],
      [[], 1],
    ])
    expect(sent.seq).toBe(2)
    expect(client.events.unsent).toEqual(lists.map(() => ({ roomId: 'general' })))
  })

  it('is in no doubt about what the server had no time for', async () => {
    const { server, client } = await memberForTest()
    const answers = [answerWith('rate_limited', true), answerWith('unavailable', true)]
    server.script('sendMessage', (frame, connection, proceed) => {
      const answer = answers.shift()
      if (answer) answer(frame, connection)
      else proceed()
    })
    const doubts: (boolean | undefined)[] = []
    client.on('unsent', () => doubts.push(client.unsent()[0]?.inDoubt))
    await client.send('general', 'patience')
    expect(doubts).toEqual([false, true, false, true, true, true, undefined])
  })

  it('lists no message any more that is stored, refused, or given up with its room', async () => {
    const { server, client } = await memberForTest()
    await client.send('general', 'stored')
    server.script('sendMessage', answerWith('rejected', false))
    await expect(client.send('general', 'refused')).rejects.toMatchObject({ code: 'rejected' })
    server.script('sendMessage', () => undefined)
    const sent = client.send('general', 'given up')
    expect(contentsOf(client)).toEqual(['given up'])
    const left = client.leaveRoom('general')
    await expect(sent).rejects.toMatchObject({ code: 'left' })
    expect(client.unsent()).toEqual([])
    await left
  })

  it('has the list ready when the promise of a message is', async () => {
    const { client } = await memberForTest()
    const after = client.send('general', 'hello').then(() => client.unsent())
    expect(await after).toEqual([])
  })

  it('keeps the list as it was when it is closed, and tells nothing more', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', () => undefined)
    ignored(client.send('general', 'one'))
    ignored(client.send('general', 'two'))
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    const told = client.events.unsent.length
    client.close()
    expect(client.unsent()).toMatchObject([
      { content: 'one', since: { epoch: null, seq: 0 }, inDoubt: true },
      { content: 'two', inDoubt: false },
    ])
    expect(client.events.unsent).toHaveLength(told)
    await expect(client.send('general', 'three')).rejects.toMatchObject({ code: 'closed' })
    expect(contentsOf(client)).toEqual(['one', 'two'])
  })

  it('lists a message through a change of connection', async () => {
    const { server, client } = await memberForTest()
    const acks: (() => void)[] = []
    server.script('sendMessage', (_frame, _connection, proceed) => acks.push(proceed))
    const sent = client.send('general', 'on its way')
    await until(() => expect(acks).toHaveLength(1))
    announceAge(server)
    await until(() => expect(server.connections[1]?.rooms.has('general')).toBe(true))
    expect(contentsOf(client)).toEqual(['on its way'])
    acks[0]?.()
    await sent
    await hasChanged(server)
    expect(client.unsent()).toEqual([])
  })
})

describe('client, sending what another one has left unsent', () => {
  it('stores once what was stored already, and what was not', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (frame) => {
      server.room('general').receive('ada', undefined, frame)
    })
    ignored(client.send('general', 'stored, and nobody knows'))
    ignored(client.send('general', 'never tried'))
    await until(() => expect(server.room('general').head()).toBe(1))
    server.plain()
    server.say('general', 'bob', 'meanwhile')
    const { successor, kept } = await successorOf(server, client)
    await successor.joinRoom('general', { limit: 1 })
    const sent = await Promise.all(kept.map((message) => successor.send('general', message.content, message)))
    expect(sent).toMatchObject([{ seq: 1, duplicate: true }, { seq: 3 }])
    expect(server.room('general').head()).toBe(3)
    expect(server.received('sendMessage').at(-2)).toMatchObject({ since: { epoch: null, seq: 0 } })
  })

  it('finds in the page that it joins with what it was given before', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (frame) => {
      server.room('general').receive('ada', undefined, frame)
    })
    ignored(client.send('general', 'stored, and nobody knows'))
    await until(() => expect(server.room('general').head()).toBe(1))
    const { successor, kept } = await successorOf(server, client)
    const joined = successor.joinRoom('general')
    const sent = kept.map((message) => successor.send('general', message.content, message))
    expect(successor.unsent()).toEqual(kept.map((message) => ({ ...message, queuedAt: expect.any(String) })))
    await joined
    expect(await Promise.all(sent)).toMatchObject([{ seq: 1 }])
    expect(server.received('sendMessage')).toHaveLength(1)
  })

  it('says that there is no telling when the room has moved on too far', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'of the old epoch')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    server.script('sendMessage', () => undefined)
    ignored(client.send('general', 'in doubt'))
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    server.plain()
    server.room('general').restart()
    server.room('general').append('bob', 'of the new one')
    const { successor, kept } = await successorOf(server, client)
    await successor.joinRoom('general')
    const [message] = kept
    const sent = successor.send('general', 'in doubt', message)
    await expect(sent).rejects.toMatchObject({ code: 'stale_cursor' })
    expect(server.room('general').head()).toBe(1)
  })
})
