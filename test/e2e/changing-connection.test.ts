import { describe, expect, it, onTestFinished } from 'vitest'
import type { ChatMessage, ConnectionState, Sent } from '../../client/api/types.ts'
import { type ChatClient, makeChatClient } from '../../client/chat-client.ts'
import { eventually } from '../support/eventually.ts'
import { everyParts, startTestChat } from '../support/gateway/test-chat.ts'

/** An SDK client in a room, with all that could be seen of a change of its connection. */
const changingClient = async (url: string, userId: string, roomId: string) => {
  let connections = 0
  class CountedWebSocket extends WebSocket {
    constructor(address: string, protocols?: string[]) {
      super(address, protocols)
      connections += 1
    }
  }
  const client: ChatClient = makeChatClient({
    url: url.replace(/^http/, 'ws'),
    userId,
    WebSocket: CountedWebSocket,
    // Early enough for a machine that is busy with other things.
    timings: { changeEarliestShare: 0.3, changeLatestShare: 0.5 },
  })
  const messages: ChatMessage[] = []
  const states: ConnectionState['status'][] = []
  const incidents: unknown[] = []
  client.on('message', ({ message }) => messages.push(message))
  client.on('state', ({ status }) => states.push(status))
  for (const name of ['recovered', 'reset', 'left', 'error'] as const) {
    client.on(name, (event) => incidents.push({ name, event }))
  }
  onTestFinished(() => client.close())
  await client.connect()
  await client.joinRoom(roomId)
  return { client, messages, states, incidents, connections: () => connections }
}

describe.each(everyParts())('a connection that may live for 5 s, on $name', (parts) => {
  it('is changed again and again without a message lost, doubled, out of order or refused', async () => {
    const { url } = await startTestChat({ parts, env: { MAX_AGE_SECONDS: '5' } })
    const ada = await changingClient(url, 'ada', 'general')
    const bob = await changingClient(url, 'bob', 'general')
    const isOver = () => ada.connections() > 4 && bob.connections() > 4
    const write = async (client: ChatClient, name: string): Promise<Sent[]> => {
      const sent: Sent[] = []
      while (!isOver()) sent.push(await client.send('general', `${name} ${sent.length}`))
      return sent
    }
    const [byAda, byBob] = await Promise.all([write(ada.client, 'ada'), write(bob.client, 'bob')])

    const count = byAda.length + byBob.length
    const seqs = Array.from({ length: count }, (_, index) => index + 1)
    const acknowledged = [...byAda, ...byBob].map(({ seq }) => seq).sort((a, b) => a - b)
    expect(acknowledged).toEqual(seqs)
    for (const { messages, states, incidents } of [ada, bob]) {
      await eventually(() => messages.length >= count, 'every message')
      expect(messages.map(({ seq }) => seq)).toEqual(seqs)
      expect(states).toEqual(['connecting', 'open'])
      expect(incidents).toEqual([])
    }
    const contentsOf = (name: string) =>
      ada.messages.map(({ content }) => content).filter((content) => content.startsWith(name))
    expect(contentsOf('ada')).toEqual(byAda.map((_, index) => `ada ${index}`))
    expect(contentsOf('bob')).toEqual(byBob.map((_, index) => `bob ${index}`))
  })
})
