import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { makeMessageLog } from '../../adapters/dynamodb/log/message-log.ts'
import { sdkClient } from '../support/client/sdk-client.ts'
import { eventually } from '../support/eventually.ts'
import { startTestChat } from '../support/gateway/test-chat.ts'
import { needs } from '../support/requirements.ts'
import {
  canStartRabbitMq,
  type RabbitMqServer,
  startRabbitMqServer,
} from '../support/servers/rabbitmq-server.ts'
import { startAmqpProxy } from '../support/sockets/amqp-proxy.ts'
import { connectPlain, type PlainClient } from '../support/sockets/plain-client.ts'

const stores = [
  { on: 'dynalite', store: 'dynalite' },
  ...(inject('dynamoDbLocal') ? [{ on: 'DynamoDB Local', store: 'dynamoDbLocal' } as const] : []),
] as const

const deaths = [
  { when: 'between append and publish', lost: 'publish' },
  { when: 'with the job stored and its confirm lost', lost: 'confirm' },
] as const

describe(
  'when the broker dies, the sender is told to try again',
  needs('RabbitMQ', await canStartRabbitMq()),
  () => {
    let broker: RabbitMqServer
    beforeAll(async () => {
      broker = await startRabbitMqServer()
    })
    afterAll(() => broker.remove())

    it.each(stores.flatMap((store) => deaths.map((death) => ({ ...store, ...death }))))(
      'and every member gets the message once: $when, on $on',
      async ({ store, lost }) => {
        const chat = await startChat(broker, store)
        const ada = await connectPlain(`${chat.url}/?userId=ada&roomId=general`)
        const bob = await connectPlain(`${chat.url}/?userId=bob&roomId=general`)
        const cyd = await sdkClient(chat.url, 'cyd', 'general')
        expect(await ada.request(send('first'))).toMatchObject({ type: 'ack', seq: 1 })

        const dying = chat.proxy.next(lost, 'lose').then(broker.kill)
        const second = { ...send('second'), clientMessageId: 'only-once', since: sinceOf(ada) }
        const failure = await ada.request(second)
        await dying
        expect(failure).toMatchObject({ type: 'error', code: 'unavailable', status: 503, temporary: true })
        expect(await contentsOf(chat)).toEqual(['first', 'second'])
        // While it is away a retry is refused before anything is written.
        expect(await ada.request(second)).toMatchObject({ code: 'unavailable' })
        expect(await ada.request(send('never stored'))).toMatchObject({ code: 'unavailable' })

        await broker.start()
        await eventually(
          async () => (await ada.request(second)).type === 'ack',
          'the retry to be acknowledged',
          20_000,
        )
        expect(ada.frames.findLast(({ type }) => type === 'ack')).toMatchObject({ seq: 2, duplicate: true })
        expect(await ada.request(send('third'))).toMatchObject({ type: 'ack', seq: 3 })

        await Promise.all([ada, bob].map((member) => member.untilPushed('general', 3)))
        await eventually(() => cyd.messages.length >= 3, 'the SDK to hand over three messages', 20_000)
        const all = ['1 first', '2 second', '3 third']
        for (const member of [ada, bob]) {
          expect(onceBySeq(member)).toEqual(all)
          expect(member.problems).toEqual([])
        }
        expect(cyd.messages.map(({ seq, content }) => `${seq} ${content}`)).toEqual(all)
        expect(await contentsOf(chat)).toEqual(['first', 'second', 'third'])
      },
      60_000,
    )
  },
)

/** On a broker of the test's own, in the place of the one that all tests share. */
const startChat = async (broker: RabbitMqServer, store: (typeof stores)[number]['store']) => {
  const proxy = await startAmqpProxy(broker.url)
  onTestFinished(() => proxy.close())
  const env = { RABBITMQ_URL: proxy.url, LOG_LEVEL: 'silent' }
  return { ...(await startTestChat({ parts: { store, broker: 'embedded' }, env })), proxy }
}

type Chat = Awaited<ReturnType<typeof startChat>>

const contentsOf = async ({ tables: { endpoint, names } }: Chat): Promise<readonly string[]> => {
  if (endpoint === null) throw new Error('The embedded store cannot be looked into')
  const client = makeDynamoDbClient({ endpoint })
  const log = makeMessageLog({ client, tableName: names.messages, clock: Date.now, newId: crypto.randomUUID })
  const { entries } = await log.read({ roomId: 'general', after: 0, limit: 10 })
  client.destroy()
  return entries.map(({ content }) => content)
}

const send = (content: string) => ({ action: 'sendMessage', roomId: 'general', content })

const sinceOf = ({ frames }: PlainClient) => {
  const ack = frames.find(({ type }) => type === 'ack')
  if (ack?.type !== 'ack') throw new Error('Nothing was acknowledged yet')
  return { epoch: ack.epoch, seq: ack.seq }
}

/** What is left once what came again, by epoch and seq, is dropped; one epoch here. */
const onceBySeq = (client: PlainClient): readonly string[] =>
  [...new Set(client.pushed('general').map(({ seq, content }) => `${seq} ${content}`))].sort()
