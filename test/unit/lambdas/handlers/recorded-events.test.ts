import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { makeHandlers } from '../../../../gateway/lambda/handlers.ts'
import type {
  AuthorizerEvent,
  ConnectEvent,
  DisconnectEvent,
  MessageEvent,
  RabbitMqEvent,
} from '../../../../lambdas/aws/events.ts'
import { makeManagementEndpoint } from '../../../../lambdas/wiring/endpoint.ts'
import { identityOf } from '../../../support/builders.ts'
import { invocation } from '../../../support/gateway/lambda-events.ts'
import { makeParts, recordPosts } from '../../../support/gateway/parts.ts'

/** Events as the developer guides show them, with every field that AWS fills in; accounts, ids and addresses are made up. */
const recorded = async <Event>(name: string): Promise<Event> =>
  JSON.parse(await readFile(`test/support/gateway/recorded-events/${name}.json`, 'utf8'))

const setUp = () => {
  const parts = makeParts()
  const posts = recordPosts()
  const tokens: (string | undefined)[] = []
  const handlers = makeHandlers({
    ...parts,
    poster: posts.poster,
    authenticate: async ({ token }) => {
      tokens.push(token)
      return identityOf({ rooms: ['general'] })
    },
    managementEndpoint: makeManagementEndpoint({ endpointUrl: undefined, region: 'eu-central-1' }),
    maxAgeSeconds: 7200,
  })
  return { ...parts, ...posts, handlers, tokens }
}

describe('the handlers, fed with events as AWS sends them', () => {
  it('authorize, connect, take a message, deliver it and disconnect', async () => {
    const { handlers, tokens, directory, lanes, posted, telemetry } = setUp()
    const authorized = await handlers.authorize(await recorded<AuthorizerEvent>('authorize'), invocation)
    expect(authorized).toMatchObject({ principalId: 'ada', context: { userId: 'ada', rooms: '["general"]' } })
    expect(tokens).toEqual(['header.payload.signature'])

    const connected = await handlers.connect(await recorded<ConnectEvent>('connect'), invocation)
    expect(connected).toEqual({
      statusCode: 200,
      headers: { 'Sec-WebSocket-Protocol': 'simple-chat.v1' },
    })
    expect(await directory.find('general', 'VKx1pcMfliACEzQ=')).toMatchObject({
      userId: 'ada',
      name: 'Ada',
      endpoint: 'https://abc123.execute-api.eu-central-1.amazonaws.com/live',
    })

    const reply = await handlers['send-message'](await recorded<MessageEvent>('message'), invocation)
    expect(JSON.parse(reply.body ?? '')).toMatchObject({ type: 'ack', id: '7', roomId: 'general', seq: 1 })

    await handlers.deliver(await recorded<RabbitMqEvent>('rabbitmq'), invocation)
    expect(posted).toMatchObject([{ frame: { type: 'messages', messages: [{ content: 'hello' }] } }])
    expect(lanes.deadLetters()).toMatchObject([{ reason: 'not a job that this version knows' }])

    const disconnected = await recorded<DisconnectEvent>('disconnect')
    expect(await handlers.disconnect(disconnected, invocation)).toEqual({ statusCode: 200 })
    expect(await directory.find('general', 'VKx1pcMfliACEzQ=')).toBeUndefined()
    expect(Object.fromEntries(telemetry.counts)).toEqual({
      'connection.opened': 1,
      'message.stored': 1,
      'post.sent': 1,
      deadLettered: 1,
      'connection.closed': 1,
    })
  })

  it.each<[string, Partial<MessageEvent>, string]>([
    ['no body', { body: undefined as never }, 'bad_request'],
    ['an empty body', { body: '' }, 'bad_request'],
    ['a body that is no JSON', { body: '{"action":' }, 'bad_request'],
    ['a body that is no object', { body: '[1]' }, 'bad_request'],
    ['an unknown action', { body: '{"action":"fly","id":"7"}' }, 'unknown_action'],
  ])('answer a message event with %s in a frame, and not with a throw', async (_, change, code) => {
    const { handlers } = setUp()
    const event = { ...(await recorded<MessageEvent>('message')), ...change }
    for (const name of ['default', 'send-message', 'room-actions'] as const) {
      const { statusCode, body } = await handlers[name](event, invocation)
      expect([statusCode, JSON.parse(body ?? '')]).toMatchObject([200, { type: 'error', code }])
    }
  })

  it.each([
    ['without an authorizer', undefined],
    [
      'with rooms that are no list',
      { userId: 'ada', rooms: 'general', roles: '[]', tokenExpiresAtMs: '4e12' },
    ],
    ['with numbers where text belongs', { userId: 7, rooms: '[]', roles: '[]', tokenExpiresAtMs: 4e12 }],
  ])('answer a message event %s as a defect, and log it', async (_, authorizer) => {
    const { handlers, telemetry } = setUp()
    const event = await recorded<MessageEvent>('message')
    const requestContext = { ...event.requestContext, authorizer: authorizer as never }
    const { body } = await handlers['send-message']({ ...event, requestContext }, invocation)
    expect(JSON.parse(body ?? '')).toMatchObject({ type: 'error', id: '7', code: 'internal', status: 500 })
    expect(telemetry.errors).toHaveLength(1)
  })

  it('refuse a $connect event without headers or query as they would any other', async () => {
    const { handlers } = setUp()
    const { requestContext, isBase64Encoded } = await recorded<ConnectEvent>('connect')
    expect(await handlers.connect({ requestContext, isBase64Encoded }, invocation)).toEqual({
      statusCode: 200,
    })
    const bare = { requestContext: { ...requestContext, authorizer: {} }, isBase64Encoded }
    expect(await handlers.connect(bare, invocation)).toMatchObject({ statusCode: 500 })
  })

  it('take a $disconnect event without code or reason, and throw for one without identity', async () => {
    const { handlers } = setUp()
    const event = await recorded<DisconnectEvent>('disconnect')
    const { disconnectStatusCode, disconnectReason, ...requestContext } = event.requestContext
    const bare = { requestContext, isBase64Encoded: false }
    expect(await handlers.disconnect(bare, invocation)).toEqual({ statusCode: 200 })
    const { authorizer, ...nobody } = requestContext
    const unknown = { requestContext: nobody, isBase64Encoded: false }
    await expect(handlers.disconnect(unknown, invocation)).rejects.toThrow()
  })

  it('take a lane event of several queues, or of none', async () => {
    const { handlers, posted } = setUp()
    const event = await recorded<RabbitMqEvent>('rabbitmq')
    await handlers.deliver({ ...event, rmqMessagesByQueue: {} }, invocation)
    await handlers.deliver({ ...event, rmqMessagesByQueue: { 'lane.0::/': [], 'lane.1::/': [] } }, invocation)
    expect(posted).toEqual([])
  })
})
