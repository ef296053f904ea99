import { describe, expect, it } from 'vitest'
import type { ChatClient } from '../../../../client/chat-client.ts'
import {
  connected,
  disconnect,
  faithful,
  type Play,
  setUp,
} from '../../../support/client/hand-fed-sockets.ts'

const closeOn = (client: ChatClient, name: 'disconnect' | 'error' | 'state', when = (_: object) => true) =>
  client.on(name, (event) => {
    if (when(event)) client.close()
  })

describe('a client that is closed amid a word to its application stays closed, with no socket', () => {
  it('when it is told that the connection comes of age', async () => {
    const world = setUp()
    const socket = await connected(world)
    closeOn(world.client, 'disconnect')
    socket.say(disconnect(4409))
    await world.settle()
    expect([world.client.state().status, world.open(), world.sockets.length]).toEqual(['closed', 0, 1])
  })

  it('when it is told that it connects', async () => {
    const world = setUp()
    closeOn(world.client, 'state', (state) => 'attempt' in state)
    await expect(world.client.connect()).rejects.toMatchObject({ code: 'closed' })
    await world.settle()
    expect([world.states, world.sockets]).toEqual([['connecting', 'closed'], []])
  })

  it('when it is told that there is no token', async () => {
    let asked = 0
    const getToken = () => {
      asked++
      throw new Error('no token now')
    }
    const world = setUp({ getToken })
    closeOn(world.client, 'error')
    await expect(world.client.connect()).rejects.toMatchObject({ code: 'closed' })
    await world.settle()
    expect([world.client.state().status, asked, world.sockets]).toEqual(['closed', 1, []])
  })

  it('when it is asked for a token', async () => {
    const getToken = () => {
      world.client.close()
      return 'a.b.c'
    }
    const world: ReturnType<typeof setUp> = setUp({ getToken })
    await expect(world.client.connect()).rejects.toMatchObject({ code: 'closed' })
    await world.settle()
    expect([world.client.state().status, world.open()]).toEqual(['closed', 0])
  })

  it('when it is told that there is no token for its second connection', async () => {
    let asked = 0
    const getToken = () => {
      asked++
      if (asked === 1) return 'a.b.c'
      throw new Error('no token now')
    }
    const world = setUp({ getToken })
    const socket = await connected(world)
    closeOn(world.client, 'error')
    socket.say(disconnect(4409))
    await world.settle()
    expect([world.client.state().status, world.open(), asked]).toEqual(['closed', 0, 2])
  })

  it('whoever asks it to try again', async () => {
    const world = setUp()
    const socket = await connected(world)
    socket.fire('close')
    expect(world.client.state().status).toBe('offline')
    world.client.close()
    world.client.retryNow()
    await world.settle()
    expect([world.client.state().status, world.sockets.length]).toEqual(['closed', 1])
  })
})

describe('a server that says hello and goodbye in one breath', () => {
  const inOneBreath = (which: number): Play => {
    let hellos = 0
    return (socket, frame) => {
      faithful(socket, frame)
      if (frame.action === 'hello' && ++hellos === which) socket.say(disconnect(4503))
    }
  }

  it('has the client try again, and does not pass for a connection', async () => {
    const world = setUp({}, inOneBreath(1))
    const welcome = world.client.connect()
    await world.rest()
    expect(world.client.state().status).toBe('offline')
    await world.settle()
    expect([(await welcome).userId, world.client.state().status, world.open()]).toEqual(['ada', 'open', 1])
  })

  it('on the second connection leaves the first one alone, and is not taken when that one ends', async () => {
    const world = setUp({}, inOneBreath(2))
    const socket = await connected(world)
    await world.client.joinRoom('general')
    socket.say(disconnect(4409))
    await world.rest()
    expect([world.client.state().status, world.open()]).toEqual(['open', 1])
    socket.say(disconnect(4503))
    await world.rest()
    expect(world.client.state().status).toBe('offline')
    await world.settle()
    expect([world.client.state().status, world.open()]).toEqual(['open', 1])
  })
})
