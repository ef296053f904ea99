import { describe, expect, it } from 'vitest'
import type { ErrorFrame } from '../../../../protocol/server-frames.ts'
import { clientForTest, memberForTest, serverForTest, until } from '../../../support/client/test-client.ts'
import type { ScriptedConnection, ScriptedServer } from '../../../support/servers/scripted-server.ts'

const errorOf = (code: ErrorFrame['code'], temporary: boolean, extra = {}): ErrorFrame => ({
  type: 'error',
  code,
  status: 500,
  message: `It is ${code}.`,
  temporary,
  ...extra,
})

/** Lets others speak, again and again, for as long as that takes. */
const pushUntil = (server: ScriptedServer, isDone: () => boolean): Promise<void> =>
  until(() => {
    if (isDone()) return
    server.say('general', 'bob', 'the service is back')
    expect(isDone()).toBe(true)
  })

describe('client, sending', () => {
  it('resolves with the ack, and gets the message back', async () => {
    const { server, client } = await memberForTest()
    const sent = await client.send('general', 'hello', { attributes: { lang: 'en' } })
    expect(sent).toMatchObject({ roomId: 'general', epoch: 'epoch-1', seq: 1 })
    await until(() => expect(client.seqs('general')).toEqual([1]))
    expect(client.events.message[0]?.message).toMatchObject({
      content: 'hello',
      attributes: { lang: 'en' },
      clientMessageId: sent.clientMessageId,
    })
    expect(server.received('sendMessage')[0]?.since).toEqual({ epoch: null, seq: 0 })
  })

  it('does not send a message again that was acknowledged, and says where it stands', async () => {
    const { server, client } = await memberForTest()
    const first = await client.send('general', 'once', { clientMessageId: 'mine' })
    server.say('general', 'bob', 'between')
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    expect(await client.send('general', 'once', { clientMessageId: 'mine' })).toMatchObject({
      seq: first.seq,
      messageId: first.messageId,
    })
    expect(server.received('sendMessage')).toHaveLength(1)
  })

  it('sends one message of a room after the other', async () => {
    const { server, client } = await memberForTest()
    let underWay = 0
    let most = 0
    server.script('sendMessage', (_frame, _connection, proceed) => {
      underWay += 1
      most = Math.max(most, underWay)
      setTimeout(() => {
        underWay -= 1
        proceed()
      }, 5)
    })
    const contents = ['one', 'two', 'three', 'four']
    await Promise.all(contents.map((content) => client.send('general', content)))
    expect(most).toBe(1)
    expect(
      server
        .room('general')
        .messages()
        .map(({ content }) => content),
    ).toEqual(contents)
  })

  it('says what it knew of the room when it first tried', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'one')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    await client.send('general', 'two')
    expect(server.received('sendMessage')[0]?.since).toEqual({ epoch: 'epoch-1', seq: 1 })
  })

  it('sends the same message, with the same id and since, when the connection breaks before the ack', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (frame, connection) => {
      // Stored, and seen by nobody: neither the ack nor the push gets out.
      server.room('general').receive('ada', undefined, frame)
      server.room('general').append('bob', 'in between')
      server.plain()
      connection.drop()
    })
    server.script('joinRoom', (_frame, connection) => connection.drop())
    const sent = await client.send('general', 'only once')
    expect(sent).toMatchObject({ seq: 1 })
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    expect(server.room('general').head()).toBe(2)
  })

  it('repeats id and since although the room has gone on in the meantime', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (_frame, connection) => {
      server.plain()
      server.room('general').append('bob', 'meanwhile')
      connection.drop()
    })
    await client.send('general', 'mine')
    const [first, second] = server.received('sendMessage')
    expect(second?.clientMessageId).toBe(first?.clientMessageId)
    expect(second?.since).toEqual(first?.since)
    expect(second?.since).toEqual({ epoch: null, seq: 0 })
  })

  it('tries again after a temporary error, no sooner than the server asks', async () => {
    const { server, client } = await memberForTest()
    const times: number[] = []
    server.script('sendMessage', (frame, connection, proceed) => {
      times.push(performance.now())
      if (times.length > 1) proceed()
      else connection.send({ ...errorOf('rate_limited', true, { retryAfterMs: 100 }), id: frame.id })
    })
    await client.send('general', 'patience')
    const [first = 0, second = 0] = times
    expect(second - first).toBeGreaterThanOrEqual(99)
    expect(new Set(server.received('sendMessage').map((frame) => frame.clientMessageId)).size).toBe(1)
  })

  it('cuts only every other wait short, however busy the room', async () => {
    const { server, client } = await memberForTest('general', {
      timings: { backoffMinMs: 60_000, backoffMaxMs: 60_000 },
      random: () => 1,
    })
    const tries = () => server.received('sendMessage').length
    const deny = (frame: { readonly id?: string | undefined }, connection: ScriptedConnection) =>
      connection.send({ ...errorOf('unavailable', true), id: frame.id })
    server.script('sendMessage', deny)
    const sent = client.send('general', 'patience')
    sent.catch(() => undefined)
    await pushUntil(server, () => tries() === 2)
    for (const content of ['one', 'two', 'three']) server.say('general', 'bob', content)
    const head = server.room('general').head()
    await until(() => expect(client.seqs('general').at(-1)).toBe(head))
    expect(tries()).toBe(2)
  })

  it('sends what waits for another try as soon as the room is heard of', async () => {
    const { server, client } = await memberForTest('general', {
      timings: { backoffMinMs: 60_000, backoffMaxMs: 60_000 },
      random: () => 1,
    })
    server.script('sendMessage', (frame, connection) => {
      server.plain()
      connection.send({ ...errorOf('unavailable', true), id: frame.id })
    })
    const sent = client.send('general', 'patience')
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    await pushUntil(server, () => server.received('sendMessage').length === 2)
    await expect(sent).resolves.toMatchObject({ roomId: 'general' })
  })

  it('waits as long as the server asks, whatever it hears of the room', async () => {
    const { server, client } = await memberForTest()
    const times: number[] = []
    server.script('sendMessage', (frame, connection, proceed) => {
      times.push(performance.now())
      if (times.length > 1) proceed()
      else connection.send({ ...errorOf('rate_limited', true, { retryAfterMs: 200 }), id: frame.id })
    })
    const sent = client.send('general', 'patience')
    await pushUntil(server, () => times.length === 2)
    await sent
    const [first = 0, second = 0] = times
    expect(second - first).toBeGreaterThanOrEqual(199)
  })

  it('tries again when no reply comes', async () => {
    const { server, client } = await memberForTest('general', { timings: { requestTimeoutMs: 60 } })
    let attempts = 0
    server.script('sendMessage', (_frame, connection, proceed) => {
      attempts += 1
      if (attempts > 1) proceed()
      else connection.send({ message: 'Internal server error', connectionId: 'x', requestId: 'y' })
    })
    await expect(client.send('general', 'anyone?')).resolves.toMatchObject({ seq: 1 })
    expect(client.events.error[0]).toMatchObject({ code: 'internal', temporary: true })
  })

  it('tries again when the server fails at it, and finds out that it was stored before that', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (frame, connection) => {
      server.room('general').receive('ada', undefined, frame)
      server.plain()
      connection.send({ ...errorOf('internal', false), id: frame.id })
    })
    await expect(client.send('general', 'once')).resolves.toMatchObject({ seq: 1, duplicate: true })
    const [first, second] = server.received('sendMessage')
    expect(second).toMatchObject({ clientMessageId: first?.clientMessageId, since: first?.since })
    expect(server.room('general').head()).toBe(1)
  })

  it('gives a message up that the server fails at three times, and goes on with the next', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (frame, connection, proceed) => {
      if (frame.content === 'cursed') connection.send({ ...errorOf('internal', false), id: frame.id })
      else proceed()
    })
    const cursed = client.send('general', 'cursed')
    const next = client.send('general', 'next')
    await expect(cursed).rejects.toMatchObject({ code: 'internal' })
    await expect(next).resolves.toMatchObject({ seq: 1 })
    expect(server.received('sendMessage').map(({ content }) => content)).toEqual([
      'cursed',
      'cursed',
      'cursed',
      'next',
    ])
  })

  it('takes its own message, coming back, for the ack that was lost', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (frame, connection) => {
      const { push } = server.room('general').receive('ada', undefined, frame)
      connection.send({ ...push })
    })
    await expect(client.send('general', 'unacknowledged')).resolves.toMatchObject({ seq: 1 })
    expect(server.received('sendMessage')).toHaveLength(1)
  })

  it('rejects what the server refuses for good, and goes on with the next', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (frame, connection, proceed) => {
      if (frame.content === 'bad') connection.send({ ...errorOf('rejected', false), id: frame.id })
      else proceed()
    })
    const bad = client.send('general', 'bad')
    const good = client.send('general', 'good')
    await expect(bad).rejects.toMatchObject({ name: 'ChatClientError', code: 'rejected', temporary: false })
    await expect(good).resolves.toMatchObject({ seq: 1 })
  })

  it('refuses a message for which the server would close the connection', async () => {
    const { server, client } = await memberForTest()
    await expect(client.send('general', 'x'.repeat(33_000))).rejects.toMatchObject({ code: 'too_large' })
    expect(server.received('sendMessage')).toEqual([])
  })

  it('catches up and tries again when its cursor has gone stale', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'old epoch')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    server.room('general').restart()
    server.room('general').append('bob', 'new epoch')
    const sent = await client.send('general', 'mine')
    expect(sent).toMatchObject({ epoch: 'epoch-2', seq: 2 })
    expect(client.events.reset).toHaveLength(1)
  })

  it('says that it cannot tell when a message in doubt lies in an epoch that is gone', async () => {
    const { server, client } = await memberForTest()
    await client.send('general', 'before')
    server.script('sendMessage', (_frame, connection) => {
      server.plain()
      server.room('general').restart()
      server.room('general').append('bob', 'new epoch')
      connection.drop()
    })
    await expect(client.send('general', 'in doubt')).rejects.toMatchObject({ code: 'stale_cursor' })
  })

  it('joins again and tries again when the server holds it for no member', async () => {
    const { server, client } = await memberForTest()
    server.connections[0]?.rooms.delete('general')
    await expect(client.send('general', 'still here')).resolves.toMatchObject({ seq: 1 })
  })

  it('joins again as often as it is forgotten, and gives up where joining is of no use', async () => {
    const { server, client } = await memberForTest()
    let left = 3
    server.script('sendMessage', (_frame, connection, proceed) => {
      if (left-- > 0) connection.rooms.delete('general')
      proceed()
    })
    expect(await client.send('general', 'forgotten three times')).toMatchObject({ seq: 1 })
    left = Number.POSITIVE_INFINITY
    await expect(client.send('general', 'never')).rejects.toMatchObject({ code: 'not_a_member' })
    expect(server.received('joinRoom')).toHaveLength(1 + 3 + 10)
  })

  it('keeps what is written without a connection until there is one', async () => {
    const server = await serverForTest()
    const client = clientForTest(server)
    const joined = client.joinRoom('general')
    const sent = client.send('general', 'early')
    await client.connect()
    await joined
    await expect(sent).resolves.toMatchObject({ seq: 1 })
  })

  it('rejects what is waiting when the room is left or the client closed', async () => {
    const { server, client } = await memberForTest()
    await client.joinRoom('other')
    server.script('sendMessage', () => undefined)
    const outcomes = Promise.allSettled([client.send('general', 'a'), client.send('other', 'b')])
    await client.leaveRoom('general')
    client.close()
    expect(await outcomes).toMatchObject([{ reason: { code: 'left' } }, { reason: { code: 'closed' } }])
    await expect(client.send('other', 'c')).rejects.toMatchObject({ code: 'closed' })
    await expect(client.connect()).rejects.toMatchObject({ code: 'closed' })
  })

  it('refuses to send to a room that was not joined', async () => {
    const { client } = await memberForTest()
    await expect(client.send('elsewhere', 'hello')).rejects.toMatchObject({ code: 'left' })
  })
})
