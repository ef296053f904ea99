import { describe, expect, it } from 'vitest'
import { type ChatClient, type ChatClientOptions, makeChatClient } from '../../../client/chat-client.ts'

type Frame = { readonly action: string; readonly id: string; readonly roomId?: string }
type Listener = (event: { readonly data: unknown }) => void

/** What the server does with a request: by default hello and joins are answered, the rest is not. */
type Play = (socket: FakeSocket, frame: Frame) => void

const hello = ({ id }: Frame) => ({
  type: 'hello',
  id,
  connectionId: 'c1',
  userId: 'ada',
  roles: [],
  heads: {},
  limits: {},
  maxAgeSeconds: 7200,
})
const joined = ({ id, roomId }: Frame) => ({
  type: 'joined',
  id,
  roomId,
  epoch: null,
  seq: 0,
  floor: 1,
  messages: [],
  recovered: true,
  more: false,
})
const disconnect = (code: number) => ({ type: 'disconnect', code, reason: 'because', reconnect: true })

/** A socket whose events come when the test says so, several of them in one turn if it likes. */
class FakeSocket {
  readonly listeners = new Map<string, Listener[]>()
  readonly play: Play
  isOpen = true

  constructor(play: Play) {
    this.play = play
  }
  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener])
  }
  fire(type: string, data?: unknown): void {
    for (const listener of this.listeners.get(type) ?? []) listener({ data })
  }
  say(frame: object): void {
    this.fire('message', JSON.stringify(frame))
  }
  send(text: string): void {
    const frame: Frame = JSON.parse(text)
    if (frame.action === 'leaveRoom') return
    queueMicrotask(() => this.play(this, frame))
  }
  close(): void {
    this.isOpen = false
  }
}

const answer: Play = (socket, frame) => {
  if (frame.action === 'hello') socket.say(hello(frame))
  if (frame.action === 'joinRoom') socket.say(joined(frame))
}

/** A client whose sockets and time are the test's: `settle` lets everything happen that would, however late. */
const setUp = (options: Partial<ChatClientOptions> = {}, play: Play = answer) => {
  const sockets: FakeSocket[] = []
  const timers = new Set<() => void>()
  const WebSocket = class extends FakeSocket {
    constructor() {
      super(play)
      sockets.push(this)
      queueMicrotask(() => this.fire('open'))
    }
  }
  const client = makeChatClient({
    url: 'ws://chat.example.org/',
    ...(options.getToken === undefined && { userId: 'ada' }),
    WebSocket,
    fetch: async () => new Response('', { status: 200 }),
    timers: {
      now: () => 0,
      after: (_, callback) => {
        timers.add(callback)
        return () => timers.delete(callback)
      },
    },
    ...options,
  })
  const states: string[] = []
  client.on('state', ({ status }) => states.push(status))
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  /** Everything but time. */
  const rest = async () => {
    for (let turns = 0; turns < 10; turns++) await turn()
  }
  const settle = async () => {
    for (let rounds = 0; rounds < 5; rounds++) {
      await rest()
      const due = [...timers]
      timers.clear()
      for (const callback of due) callback()
    }
    await rest()
  }
  const open = () => sockets.filter(({ isOpen }) => isOpen).length
  return { client, sockets, states, rest, settle, open }
}

const connected = async (world: ReturnType<typeof setUp>): Promise<FakeSocket> => {
  await world.client.connect()
  const [socket] = world.sockets
  return socket ?? expect.fail('There is no socket')
}
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
      answer(socket, frame)
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
