import { describe, expect, it } from 'vitest'
import { memberForTest, until } from '../../../support/client/test-client.ts'
import type { ScriptedServer } from '../../../support/servers/scripted-server.ts'

/** Stores every message, tells nobody, and says that it failed. */
const failAfterStoring = (server: ScriptedServer) =>
  server.script('sendMessage', (frame, connection) => {
    server.room('general').receive('ada', undefined, frame)
    connection.send({
      type: 'error',
      id: frame.id,
      code: 'internal',
      status: 500,
      message: 'Oops.',
      temporary: false,
    })
  })

const hello = { clientMessageId: 'hello-1' }

describe('client, sending again what failed', () => {
  it('goes on where the first try ended, so that a message that was stored after all is found', async () => {
    const { server, client } = await memberForTest()
    failAfterStoring(server)
    await expect(client.send('general', 'hello', hello)).rejects.toMatchObject({ code: 'internal' })
    server.plain()
    // What the push of another message shows: the room is at 2 now, the message at 1.
    server.scriptPushes((frame, proceed) => frame.messages[0]?.seq === 2 && proceed())
    server.script('getHistory', () => undefined)
    server.say('general', 'bob', 'meanwhile')
    await until(() => expect(server.received('getHistory')).toHaveLength(1))
    await expect(client.send('general', 'hello', hello)).resolves.toMatchObject({ seq: 1 })
    const sinces = server.received('sendMessage').map(({ since }) => since)
    expect(sinces).toEqual(sinces.map(() => ({ epoch: null, seq: 0 })))
    expect(server.room('general').head()).toBe(2)
  })

  it('asks nobody when the message has come back from the room since', async () => {
    const { server, client } = await memberForTest()
    failAfterStoring(server)
    await expect(client.send('general', 'hello', hello)).rejects.toMatchObject({ code: 'internal' })
    const tries = server.received('sendMessage').length
    server.say('general', 'bob', 'meanwhile')
    await until(() => expect(client.seqs('general')).toEqual([1, 2]))
    const sent = await client.send('general', 'hello', hello)
    expect(sent).toMatchObject({ seq: 1, clientMessageId: 'hello-1' })
    expect(server.received('sendMessage')).toHaveLength(tries)
  })

  it('tries again when it is sent again from the very catch that hears of the failure', async () => {
    const { server, client } = await memberForTest()
    failAfterStoring(server)
    const sentAgain = client.send('general', 'hello', hello).catch(() => {
      server.plain()
      return client.send('general', 'hello', hello)
    })
    await expect(sentAgain).resolves.toMatchObject({ seq: 1 })
    expect(server.room('general').head()).toBe(1)
  })

  it('does not take a room that was left and joined again for the one in which it failed', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'of the old epoch')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    failAfterStoring(server)
    await expect(client.send('general', 'hello', hello)).rejects.toMatchObject({ code: 'internal' })
    await client.leaveRoom('general')
    server.plain()
    server.room('general').restart()
    server.room('general').append('bob', 'of the new one')
    await client.joinRoom('general')
    await expect(client.send('general', 'hello', hello)).rejects.toMatchObject({ code: 'stale_cursor' })
    expect(server.room('general').head()).toBe(1)
  })

  it('finds a message that was on its way when its room was left, in the page of the next join', async () => {
    const { server, client } = await memberForTest()
    server.script('sendMessage', (frame) => {
      server.room('general').receive('ada', undefined, frame)
    })
    const sent = client.send('general', 'hello', hello)
    const rejected = expect(sent).rejects.toMatchObject({ code: 'left' })
    await until(() => expect(server.room('general').head()).toBe(1))
    await client.leaveRoom('general')
    await rejected
    server.plain()
    await client.joinRoom('general')
    await expect(client.send('general', 'hello', hello)).resolves.toMatchObject({ seq: 1 })
    expect(server.room('general').head()).toBe(1)
  })

  it('says that there is no telling when the room has moved on too far since it was left', async () => {
    const { server, client } = await memberForTest()
    server.say('general', 'bob', 'of the old epoch')
    await until(() => expect(client.seqs('general')).toEqual([1]))
    server.script('sendMessage', () => undefined)
    const sent = client.send('general', 'hello', hello)
    const rejected = expect(sent).rejects.toMatchObject({ code: 'left' })
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    await client.leaveRoom('general')
    await rejected
    server.plain()
    server.room('general').restart()
    server.room('general').append('bob', 'of the new one')
    await client.joinRoom('general')
    await expect(client.send('general', 'hello', hello)).rejects.toMatchObject({ code: 'stale_cursor' })
    // Who has looked and decides to send it all the same may.
    await expect(client.send('general', 'hello', hello)).resolves.toMatchObject({ seq: 2 })
  })

  it('is one message when it is sent again before the first call has its answer', async () => {
    const { server, client } = await memberForTest()
    const sent = await Promise.all([
      client.send('general', 'hello', hello),
      client.send('general', 'hello', hello),
    ])
    expect(sent.map(({ seq }) => seq)).toEqual([1, 1])
    expect(server.received('sendMessage')).toHaveLength(1)
  })
})
