import { describe, expect, it } from 'vitest'
import { everyParts, startTestChat } from '../support/gateway/test-chat.ts'
import { connectPlain, type PlainClient } from '../support/sockets/plain-client.ts'

const clientCount = 20
const messagesEach = 100
const total = clientCount * messagesEach
const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

const connectAll = (url: string) =>
  Promise.all(oneTo(clientCount).map((n) => connectPlain(`${url}/?userId=user-${n}&roomId=general`)))

/** Sends all at once; with `twice`, every third frame goes out twice at the same time. */
const sendAll = (client: PlainClient, name: string, twice: boolean) =>
  Promise.all(
    oneTo(messagesEach).flatMap((n) => {
      const frame = {
        action: 'sendMessage',
        roomId: 'general',
        content: `${name} ${n}`,
        clientMessageId: `${name}-${n}`,
        since: { epoch: null, seq: 0 },
      }
      const send = () => client.request(frame, 60_000)
      return twice && n % 3 === 0 ? [send(), send()] : [send()]
    }),
  )

/** What a client ends up with once it has dropped what it has seen already. */
const seqsOf = (client: PlainClient) =>
  [...new Set(client.pushed('general').map(({ seq }) => seq))].sort((a, b) => a - b)

describe.each(everyParts())(
  '20 clients that send 100 messages each as fast as they can, on $name',
  (parts) => {
    it.each([
      { title: 'once', twice: false },
      { title: 'every third one twice at once', twice: true },
    ])('end up with 1 to 2000, without gap or repeat: $title', async ({ twice }) => {
      // A room of 2,000 messages within seconds lies further behind than a `since` may by default.
      const env = { LIMIT_SINCE_ENTRIES: String(total) }
      const { url } = await startTestChat({ parts, instances: 4, env })
      const clients = await connectAll(url)
      const startedMs = performance.now()
      const replies = (
        await Promise.all(clients.map((client, index) => sendAll(client, `c${index}`, twice)))
      ).flat()
      const ackedMs = performance.now() - startedMs
      await Promise.all(clients.map((client) => client.untilPushed('general', total, 60_000)))
      console.log(
        `${parts.name}${twice ? ', a third twice' : ''}: ${total} stored in ${Math.round(ackedMs)} ms, ${total * clientCount} delivered in ${Math.round(performance.now() - startedMs)} ms`,
      )

      expect(replies.filter(({ type }) => type !== 'ack')).toEqual([])
      const acks = replies.flatMap((reply) => (reply.type === 'ack' ? [reply] : []))
      const duplicates = acks.filter(({ duplicate }) => duplicate)
      expect(duplicates).toHaveLength(twice ? clientCount * Math.floor(messagesEach / 3) : 0)
      const first = acks.filter(({ duplicate }) => !duplicate).map(({ seq }) => seq)
      expect(first.sort((a, b) => a - b)).toEqual(oneTo(total))
      for (const client of clients) {
        expect(seqsOf(client)).toEqual(oneTo(total))
        expect(client.problems).toEqual([])
      }
      const [one, ...others] = clients.map((client) =>
        client.pushed('general').map(({ seq, content }) => `${seq} ${content}`),
      )
      for (const other of others) expect(new Set(other)).toEqual(new Set(one))
      expect(new Set(one?.map((line) => line.slice(line.indexOf(' ')))).size).toBe(total)
    })
  },
)
