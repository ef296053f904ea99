import { describe, expect, it } from 'vitest'
import type { ChatClient } from '../../../client/chat-client.ts'
import {
  connected,
  disconnect,
  type Frame,
  faithful,
  joined,
  type Play,
  setUp,
} from '../../support/client/hand-fed-sockets.ts'
import { memberForTest, until } from '../../support/client/test-client.ts'

const messages = (...seqs: number[]) => ({
  type: 'messages',
  roomId: 'general',
  epoch: 'e',
  messages: seqs.map((seq) => ({
    ...{ seq, kind: 'text', messageId: `m${seq}`, sender: { userId: 'bob' }, content: `${seq}` },
    sentAt: '2026-11-24T12:00:00.000Z',
  })),
})
const actions = ({ sent }: { readonly sent: readonly Frame[] }) => sent.map(({ action }) => action)

/** No attempt to connect is waited for longer, and no other wait is as short. */
const attemptMs = 5000

/** Plays joins otherwise from the second one on. */
const laterJoins = (play: Play): Play => {
  let joins = 0
  return (socket, frame) => {
    if (frame.action === 'joinRoom' && ++joins > 1) play(socket, frame)
    else faithful(socket, frame)
  }
}
const member = async (play?: Play) => {
  const world = setUp({}, play)
  const socket = await connected(world)
  await world.client.joinRoom('general')
  await world.elapse(0)
  return { ...world, socket }
}

describe('a listener', () => {
  it('hears of the states in their order, whatever another one does about them', async () => {
    const world = setUp()
    const heard: string[] = []
    world.client.on('state', ({ status }) => {
      if (status === 'offline') world.client.retryNow()
    })
    world.client.on('state', ({ status }) => heard.push(status))
    const socket = await connected(world)
    socket.fire('close')
    await world.rest()
    expect(heard).toEqual(['connecting', 'open', 'offline', 'connecting', 'open'])
  })

  it.each<[string, (client: ChatClient) => unknown]>([
    ['leaves its room', (client) => client.leaveRoom('general')],
    ['closes the client', (client) => client.close()],
  ])('is handed no further message when it %s', async (_, act) => {
    const { client, socket, rest } = await member()
    const seqs: number[] = []
    client.on('message', ({ message }) => {
      seqs.push(message.seq)
      void act(client)
    })
    socket.say(messages(1, 2, 3))
    await rest()
    expect(seqs).toEqual([1])
  })

  it.each<['recovered' | 'reset', boolean]>([
    ['recovered', true],
    ['reset', false],
  ])('that closes the client when it is told of a room that is %s has closed it', async (name, recovered) => {
    const world = await member(laterJoins((socket, frame) => socket.say({ ...joined(frame), recovered })))
    let told = 0
    world.client.on(name, () => {
      told += 1
      world.client.close()
    })
    world.socket.fire('close')
    await world.elapse(attemptMs)
    expect([told, world.client.state().status, world.states.at(-1)]).toEqual([1, 'closed', 'closed'])
  })

  it('that leaves a room has it asked for no more', async () => {
    const { server, client } = await memberForTest('general', { timings: { quietMs: 20, keepAliveMs: 40 } })
    let left: Promise<void> | undefined
    client.on('message', () => {
      left = client.leaveRoom('general')
    })
    server.connections[0]?.drop()
    server.room('general').append('bob', 'missed')
    await until(() => expect(left).toBeDefined())
    await left
    const pings = server.received('ping').length
    await until(() => expect(server.received('ping').length).toBeGreaterThan(pings + 2))
    expect(server.received('ping').at(-1)).not.toHaveProperty('rooms')
  })

  it('that joins a room again while it is being left waits until the server has let go of it', async () => {
    const { client, socket, rest } = await member()
    client.send('general', 'on its way').catch(() => undefined)
    await rest()
    let again: Promise<unknown> | undefined
    client.on('unsent', () => {
      if (client.unsent().length === 0) again ??= client.joinRoom('general')
    })
    const left = client.leaveRoom('general')
    await rest()
    expect(again).toBeDefined()
    expect(actions(socket)).toEqual(['hello', 'joinRoom', 'sendMessage', 'leaveRoom'])
    socket.say({ type: 'left', id: socket.sent.at(-1)?.id, roomId: 'general' })
    await Promise.all([left, again])
    expect(actions(socket).at(-1)).toBe('joinRoom')
  })

  it('that sends to a room which is lost just then is refused like the others', async () => {
    const refusal = { type: 'error', code: 'forbidden', status: 403, message: 'Out.', temporary: false }
    const world = await member(laterJoins((socket, { id }) => socket.say({ ...refusal, id })))
    const first = world.client.send('general', 'on its way').catch(({ code }) => code)
    await world.rest()
    let second: Promise<unknown> | undefined
    world.client.on('unsent', () => {
      if (world.client.unsent().length === 0)
        second ??= world.client.send('general', 'one more').catch(({ code }) => code)
    })
    world.socket.fire('close')
    await world.elapse(attemptMs)
    expect(await Promise.all([first, second])).toEqual(['forbidden', 'forbidden'])
  })

  it('that leaves the room before its message is sent has taken it back', async () => {
    const { client, socket, rest } = await member()
    client.on('unsent', () => {
      if (client.unsent()[0]?.since !== undefined) void client.leaveRoom('general')
    })
    await expect(client.send('general', 'never mind')).rejects.toMatchObject({ code: 'left' })
    await rest()
    expect(actions(socket)).toEqual(['hello', 'joinRoom', 'leaveRoom'])
  })
})

describe('a connection that takes the place of one which has ended', () => {
  /** Two connections; no join is answered on the second one, nor are those of the room `other`. */
  const amidChange = async (failures = 0) => {
    const world = setUp({}, (socket, frame) => {
      if (frame.action === 'hello' && world.sockets.length <= failures) socket.fire('close')
      else if (frame.action === 'hello' || (socket === first() && frame.roomId !== 'other'))
        faithful(socket, frame)
    })
    const first = () => world.sockets[failures]
    const second = () => world.sockets[failures + 1] ?? expect.fail('There is no second connection')
    const attempts: number[] = []
    world.client.on('state', (state) => 'attempt' in state && attempts.push(state.attempt))
    const welcome = world.client.connect()
    for (let n = 0; n < failures; n++) await world.elapse(attemptMs)
    await welcome
    await world.client.joinRoom('general')
    first()?.say(disconnect(4409))
    await world.rest()
    return { ...world, first, second, attempts }
  }

  it('is asked at once for what the other one did not answer', async () => {
    const { client, rest, first, second } = await amidChange()
    client.joinRoom('other').catch(() => undefined)
    await rest()
    expect(second().sent.map(({ roomId }) => roomId)).toEqual([undefined, 'general'])
    first()?.fire('close')
    await rest()
    expect(second().sent.map(({ roomId }) => roomId)).toEqual([undefined, 'general', 'other'])
  })

  it('begins to count attempts anew', async () => {
    const { elapse, first, second, attempts } = await amidChange(2)
    expect(attempts).toEqual([1, 2, 3])
    first()?.fire('close')
    second().fire('close')
    await elapse(attemptMs)
    expect(attempts).toEqual([1, 2, 3, 2])
  })
})

describe('a closed client', () => {
  it('refuses to be asked for history', async () => {
    const { client } = await member()
    client.close()
    await expect(client.history('general')).rejects.toMatchObject({ code: 'closed', temporary: false })
  })
})
