import { describe, expect, it, onTestFinished } from 'vitest'
import type { ChatClientOptions } from '../../client/api/types.ts'
import { makeChatClient } from '../../client/chat-client.ts'
import type { ServerFrame } from '../../protocol/server-frames.ts'
import { eventually } from '../support/eventually.ts'
import { everyParts, startTestChat } from '../support/gateway/test-chat.ts'
import { distortedSockets } from '../support/sockets/distorted-socket.ts'
import { connectPlain, type PlainClient } from '../support/sockets/plain-client.ts'

// Tests the promises of PROTOCOL.md, "Promises to clients", sentence by sentence. `npm run mutations` breaks each once.

const room = 'general'
const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

const ackOf = (frame: ServerFrame) => {
  if (frame.type !== 'ack') throw new Error(`No ack but ${JSON.stringify(frame)}`)
  return frame
}
const joinedOf = (frame: ServerFrame) => {
  if (frame.type !== 'joined') throw new Error(`Not joined but ${JSON.stringify(frame)}`)
  return frame
}
const say = async (client: PlainClient, content: string, fields: object = {}) =>
  ackOf(await client.request({ action: 'sendMessage', roomId: room, content, ...fields }))
const join = async (client: PlainClient, fields: object = {}) =>
  joinedOf(await client.request({ action: 'joinRoom', roomId: room, ...fields }))

/** The SDK's client, in the room. */
const enterBySdk = async (url: string, userId: string, options: Partial<ChatClientOptions> = {}) => {
  const client = makeChatClient({ url: url.replace(/^http/, 'ws'), userId, ...options })
  onTestFinished(() => client.close())
  await client.connect()
  await client.joinRoom(room)
  return client
}

/** What a client ends up with: by seq, each once. */
const endsUpWith = (client: PlainClient) =>
  [...new Map(client.pushed(room).map((message) => [message.seq, message])).values()]
    .sort((a, b) => a.seq - b.seq)
    .map(({ seq, content }) => `${seq} ${content}`)

describe.each(everyParts())('a client may rely on this, on $name:', (parts) => {
  const enter = (url: string, userId: string, roomId: string | undefined = room) =>
    connectPlain(`${url}/?userId=${userId}${roomId === undefined ? '' : `&roomId=${roomId}`}`)

  it('1. seq runs 1, 2, 3, … with no hole and no repeat, and is the order that every member ends up with', async () => {
    const { url } = await startTestChat({ parts, instances: 4 })
    const clients = await Promise.all(oneTo(4).map((n) => enter(url, `user-${n}`)))
    const acks = await Promise.all(
      clients.flatMap((client, sender) => oneTo(25).map((n) => say(client, `${sender}/${n}`))),
    )
    expect(acks.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(oneTo(100))
    expect(new Set(acks.map(({ epoch }) => epoch)).size).toBe(1)
    await Promise.all(clients.map((client) => client.untilPushed(room, 100)))
    const [first, ...others] = clients.map(endsUpWith)
    expect(first?.map((line) => Number(line.split(' ')[0]))).toEqual(oneTo(100))
    for (const other of others) expect(other).toEqual(first)
  })

  it('2. a message whose ack was received is stored', async () => {
    const { url } = await startTestChat({ parts, instances: 2 })
    const [ada, bob] = [await enter(url, 'ada'), await enter(url, 'bob')]
    const ack = await say(ada, 'kept', { attributes: { lang: 'en' } })
    expect(await bob.request({ action: 'getHistory', roomId: room })).toMatchObject({
      epoch: ack.epoch,
      messages: [{ seq: ack.seq, messageId: ack.messageId, content: 'kept', attributes: { lang: 'en' } }],
    })
  })

  it("2. every member that stays connected gets it, the sender's own connections as well", async () => {
    const { url } = await startTestChat({ parts })
    const members = [await enter(url, 'ada'), await enter(url, 'ada'), await enter(url, 'bob')]
    const [ada] = members
    const { seq } = await say(ada as PlainClient, 'for all')
    await Promise.all(members.map((member) => member.untilPushed(room, 1)))
    for (const member of members) expect(endsUpWith(member)).toEqual([`${seq} for all`])
  })

  it('2. a member that comes back with since gets what was said meanwhile', async () => {
    const { url } = await startTestChat({ parts })
    const [ada, bob] = [await enter(url, 'ada'), await enter(url, 'bob')]
    const { epoch, seq } = await say(ada, 'heard')
    bob.ws.terminate()
    for (const n of oneTo(3)) await say(ada, `missed ${n}`)
    const back = await enter(url, 'bob', undefined)
    const { recovered, messages } = await join(back, { since: { epoch, seq } })
    expect(recovered).toBe(true)
    expect(messages.map(({ content }) => content)).toEqual(['missed 1', 'missed 2', 'missed 3'])
  })

  it('2. a message that could not be delivered at once is delivered later', async () => {
    const { url, faults } = await startTestChat({ parts })
    const [ada, bob] = [await enter(url, 'ada'), await enter(url, 'bob')]
    faults.set({ throttledPosts: 1 })
    await say(ada, 'late')
    await eventually(() => faults.counts().throttledPosts >= 6, 'three posts to each to be throttled')
    expect([...ada.pushed(room), ...bob.pushed(room)]).toEqual([])
    faults.set({ throttledPosts: 0 })
    await Promise.all([ada, bob].map((member) => member.untilPushed(room, 1)))
  })

  it('2. the same frame sent again, at once or later, is stored once and answered with its first ack', async () => {
    const { url } = await startTestChat({ parts, instances: 3 })
    const [ada, bob] = [await enter(url, 'ada'), await enter(url, 'bob')]
    const retry = { clientMessageId: 'm-1', since: { epoch: null, seq: 0 } }
    const atOnce = await Promise.all(oneTo(3).map(() => say(ada, 'once', retry)))
    await say(bob, 'another')
    const acks = [...atOnce, await say(ada, 'once', retry)]
    expect(acks.map(({ seq, messageId }) => `${seq} ${messageId}`)).toEqual(
      acks.map(() => `1 ${acks[0]?.messageId}`),
    )
    expect(acks.filter(({ duplicate }) => duplicate)).toHaveLength(3)
    await bob.untilPushed(room, 2)
    expect(endsUpWith(bob)).toEqual(['1 once', '2 another'])
  })

  it('2. a message that the SDK has to send again is stored once, however far the room has gone on', async () => {
    const { url } = await startTestChat({ parts })
    const bob = await enter(url, 'bob')
    const failure = { type: 'error', code: 'unavailable', status: 503, message: 'Not now.', temporary: true }
    let hasHeard = false
    const WebSocket = distortedSockets((frame) => {
      // What would tell that it stands in the room is lost, and of the room only a later message is heard.
      if (frame.type === 'history') return undefined
      if (frame.type === 'messages' && frame.messages.some(({ seq }) => seq === 1)) return undefined
      if (frame.type === 'ack' && !hasHeard) return { ...failure, id: frame.id }
      hasHeard ||= frame.type === 'messages'
      return frame
    })
    const ada = await enterBySdk(url, 'ada', { WebSocket, timings: { backoffMinMs: 50, backoffMaxMs: 200 } })
    const sent = ada.send(room, 'once')
    await bob.untilPushed(room, 1)
    await say(bob, 'another')
    expect(await sent).toMatchObject({ seq: 1, duplicate: true })
    await say(bob, 'the last one')
    await bob.untilPushed(room, 3)
    expect(endsUpWith(bob)).toEqual(['1 once', '2 another', '3 the last one'])
  })

  it('2. a member whose connection the SDK changes for another one gets every message', async () => {
    const { url } = await startTestChat({ parts, env: { MAX_AGE_SECONDS: '60' } })
    const bob = await enter(url, 'bob')
    const sockets: WebSocket[] = []
    class CountedWebSocket extends WebSocket {
      constructor(address: string, protocols?: string[]) {
        super(address, protocols)
        sockets.push(this)
      }
    }
    const ada = await enterBySdk(url, 'ada', {
      WebSocket: CountedWebSocket,
      // The change comes soon, and no ping makes good for what the connections have lost.
      timings: { changeEarliestShare: 0.05, changeLatestShare: 0.06, quietMs: 600_000, keepAliveMs: 600_000 },
    })
    const [seqs, states]: [number[], string[]] = [[], []]
    ada.on('message', ({ message }) => seqs.push(message.seq))
    ada.on('state', ({ status }) => states.push(status))
    let last = 0
    while (sockets[0]?.readyState !== WebSocket.CLOSED) last = (await say(bob, 'before and amid it')).seq
    for (const n of oneTo(5)) last = (await say(bob, `${n} after it`)).seq
    // A third connection would make good for what the second has lost.
    await eventually(() => seqs.length >= last || sockets.length > 2, 'every message')
    expect(seqs).toEqual(oneTo(last))
    expect(states).toEqual([])
  })

  it('2. a retry of which nobody can tell whether it was stored is refused with stale_cursor', async () => {
    const { url } = await startTestChat({ parts, env: { LIMIT_SINCE_ENTRIES: '5' } })
    const ada = await enter(url, 'ada')
    const acks = []
    for (const n of oneTo(8)) acks.push(await say(ada, `${n}`))
    const epoch = acks[0]?.epoch
    const tooOld = { clientMessageId: 'm-1', since: { epoch, seq: 2 } }
    const frame = { action: 'sendMessage', roomId: room, content: 'perhaps', ...tooOld }
    expect(await ada.request(frame)).toMatchObject({ type: 'error', code: 'stale_cursor', status: 409 })
    expect((await say(ada, 'next', { clientMessageId: 'm-2', since: { epoch, seq: 3 } })).seq).toBe(9)
  })

  it('3. a hole in what arrives can be filled from the history', async () => {
    const { url, faults } = await startTestChat({ parts })
    const [ada, bob] = [await enter(url, 'ada'), await enter(url, 'bob')]
    faults.set({ throttledPosts: 1 })
    const { epoch } = await say(ada, 'held up')
    await eventually(() => faults.counts().throttledPosts >= 6, 'the first to be held up')
    faults.set({ throttledPosts: 0 })
    await say(ada, 'on time')
    await bob.untilPushed(room, 1)
    expect(endsUpWith(bob)).toEqual(['2 on time'])
    expect(await bob.request({ action: 'getHistory', roomId: room, epoch, after: 0 })).toMatchObject({
      messages: [
        { seq: 1, content: 'held up' },
        { seq: 2, content: 'on time' },
      ],
      more: false,
    })
  })

  it('3. the heads in pong tell of a last message that did not arrive, and where one is no member', async () => {
    const { url, faults } = await startTestChat({ parts })
    const [ada, bob] = [await enter(url, 'ada'), await enter(url, 'bob')]
    faults.set({ throttledPosts: 1 })
    const { epoch, seq } = await say(ada, 'the last one')
    const ping = { action: 'ping', rooms: [room, 'elsewhere'] }
    expect(await bob.request(ping)).toMatchObject({ heads: { [room]: { epoch, seq }, elsewhere: null } })
    expect(bob.pushed(room)).toEqual([])
    await bob.request({ action: 'leaveRoom', roomId: room })
    expect(await bob.request(ping)).toMatchObject({ heads: { [room]: null, elsewhere: null } })
  })

  it('4. joinRoom with since returns everything after it, page by page', async () => {
    const { url } = await startTestChat({ parts })
    const ada = await enter(url, 'ada')
    await Promise.all(oneTo(25).map((n) => say(ada, `${n} ${'x'.repeat(3_000)}`)))
    const bob = await enter(url, 'bob', undefined)
    const seqs: number[] = []
    for (let more = true, epoch: string | null = null; more; ) {
      const page = await join(bob, { since: { epoch, seq: seqs.at(-1) ?? 0 }, limit: 10 })
      expect(page.recovered).toBe(true)
      expect(page.messages.length).toBeGreaterThan(0)
      seqs.push(...page.messages.map(({ seq }) => seq))
      epoch = page.epoch
      more = page.more
    }
    expect(seqs).toEqual(oneTo(25))
  })

  it('4. joinRoom with since says recovered: false where something is missing, and never hides a loss', async () => {
    let aheadMs = 0
    const hourMs = 60 * 60 * 1000
    const clock = () => Date.now() + aheadMs
    const { url } = await startTestChat({ parts, clock, env: { RETENTION_DAYS: '1' } })
    const sayAt = async (hours: number, content: string) => {
      aheadMs = hours * hourMs
      return say(await enter(url, 'ada'), content)
    }
    const { epoch } = await sayAt(0, 'expires first')
    await sayAt(20, 'expires later')
    aheadMs = 25 * hourMs
    const bob = await enter(url, 'bob', undefined)
    const since = async (cursor: object) => {
      const { recovered, floor, messages } = await join(bob, { since: cursor })
      return { recovered, floor, contents: messages.map(({ content }) => content) }
    }
    expect(await since({ epoch, seq: 0 })).toEqual({
      recovered: false,
      floor: 2,
      contents: ['expires later'],
    })
    expect(await since({ epoch, seq: 1 })).toEqual({ recovered: true, floor: 2, contents: ['expires later'] })
    expect(await since({ epoch, seq: 9 })).toMatchObject({ recovered: false })
    expect(await since({ epoch: 'another', seq: 1 })).toMatchObject({ recovered: false })
    expect((await sayAt(50, 'begins anew')).seq).toBe(1)
    const cyd = await enter(url, 'cyd', undefined)
    expect(await join(cyd, { since: { epoch, seq: 2 } })).toMatchObject({ recovered: false, seq: 1 })
  })

  it('5. who waits for a reply before the next write has its writes in that order, and the SDK does so', async () => {
    const { url } = await startTestChat({ parts, instances: 3 })
    const ada = await enter(url, 'ada')
    for (const n of oneTo(10)) expect((await say(ada, `ada ${n}`)).seq).toBe(n)
    const client = await enterBySdk(url, 'bob')
    const sent = await Promise.all(oneTo(20).map((n) => client.send(room, `bob ${n}`)))
    expect(sent.map(({ seq }) => seq)).toEqual(oneTo(20).map((n) => 10 + n))
  })
})
