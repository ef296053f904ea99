import { expect } from 'vitest'
import type { ChatClientOptions } from '../../../client/api/types.ts'
import { makeChatClient } from '../../../client/chat-client.ts'

export type Frame = { readonly action: string; readonly id: string; readonly roomId?: string }
type Listener = (event: { readonly data: unknown }) => void

/** What the server does with a request; a `faithful` one answers hello and joins, and nothing else. */
export type Play = (socket: FakeSocket, frame: Frame) => void

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
export const joined = ({ id, roomId }: Frame) => ({
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
export const disconnect = (code: number) => ({ type: 'disconnect', code, reason: 'because', reconnect: true })

/** A socket whose events come when the test says so, several of them in one turn if it likes. */
export class FakeSocket {
  readonly listeners = new Map<string, Listener[]>()
  readonly play: Play
  /** Every request so far. */
  readonly sent: Frame[] = []
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
    this.sent.push(frame)
    queueMicrotask(() => this.play(this, frame))
  }
  close(): void {
    this.isOpen = false
  }
}

export const faithful: Play = (socket, frame) => {
  if (frame.action === 'hello') socket.say(hello(frame))
  if (frame.action === 'joinRoom') socket.say(joined(frame))
}

/**
 * A client whose sockets and time are the test's: `elapse` ends every wait that is no longer than this, and `settle`
 * every wait there is, and what comes of it.
 */
export const setUp = (options: Partial<ChatClientOptions> = {}, play: Play = faithful) => {
  const sockets: FakeSocket[] = []
  const timers = new Map<() => void, number>()
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
      after: (ms, callback) => {
        timers.set(callback, ms)
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
  const elapse = async (maxMs: number) => {
    await rest()
    const due = [...timers].filter(([, ms]) => ms <= maxMs)
    for (const [callback] of due) timers.delete(callback)
    for (const [callback] of due) callback()
    await rest()
  }
  const settle = async () => {
    for (let rounds = 0; rounds < 5; rounds++) await elapse(Number.POSITIVE_INFINITY)
  }
  const open = () => sockets.filter(({ isOpen }) => isOpen).length
  return { client, sockets, states, rest, elapse, settle, open }
}

export const connected = async (world: ReturnType<typeof setUp>): Promise<FakeSocket> => {
  await world.client.connect()
  const [socket] = world.sockets
  return socket ?? expect.fail('There is no socket')
}
