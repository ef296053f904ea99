import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { encodeJob } from '../../../../core/domain/job.ts'
import type { TokenVerifier } from '../../../../core/ports.ts'
import { makeHandlers } from '../../../../gateway/lambda/handlers.ts'
import { makeOpenAuthentication, makeTokenAuthentication } from '../../../../lambdas/aws/authenticate.ts'
import { ChatError } from '../../../../protocol/chat-error.ts'
import { ServerFrameSchema } from '../../../../protocol/server-frames.ts'
import { makeTokenVerifier } from '../../../memory/token-verifier.ts'
import { entryOf, identityOf, messagesJob } from '../../../support/builders.ts'
import {
  authorizerEvent,
  connectEvent,
  disconnectEvent,
  invocation,
  messageEvent,
} from '../../../support/gateway/lambda-events.ts'
import { makeParts, recordPosts } from '../../../support/gateway/parts.ts'

const verified = identityOf({ rooms: ['general'], tokenExpiresAtMs: 4e12 })
const wide = identityOf({ rooms: Array.from({ length: 1000 }, (_, i) => `room-number-${i}`) })
const verifyKnown = makeTokenVerifier(
  new Map([
    ['good', verified],
    ['wide', wide],
  ]),
)
const verify: TokenVerifier = async (token) => {
  if (token === 'unknown') throw new ChatError('unavailable', 'The issuer’s keys are out of reach.')
  return verifyKnown(token)
}

const setUp = (overrides: Partial<Parameters<typeof makeHandlers>[0]> = {}) => {
  const parts = makeParts()
  const posts = recordPosts()
  const handlers = makeHandlers({
    ...parts,
    poster: posts.poster,
    authenticate: makeTokenAuthentication(verify),
    managementEndpoint: ({ domainName, stage }) => `https://${domainName}/${stage}`,
    maxAgeSeconds: 7200,
    ...overrides,
  })
  const frameOf = async (reply: Promise<{ readonly statusCode: number; readonly body?: string }>) => {
    const { statusCode, body } = await reply
    expect(statusCode).toBe(200)
    return v.parse(ServerFrameSchema, JSON.parse(body ?? ''))
  }
  return { ...parts, ...posts, handlers, frameOf }
}

describe('authorize', () => {
  it.each([
    ['the query string', { query: { token: 'good' } }],
    ['the subprotocols', { subprotocols: 'simple-chat.v1, token.good' }],
  ])('takes the token from %s, and hands the identity on', async (_, upgrade) => {
    const { handlers } = setUp()
    const result = await handlers.authorize(authorizerEvent(upgrade), invocation)
    expect(result.policyDocument.Statement[0]?.Effect).toBe('Allow')
    expect(result.context).toEqual({
      userId: 'ada',
      name: 'Ada',
      rooms: '["general"]',
      roles: '[]',
      tokenExpiresAtMs: '4000000000000',
    })
  })

  it.each([
    [{}],
    [{ query: { token: 'bad' } }],
    [{ query: { token: '' } }],
    [{ subprotocols: 'simple-chat.v1' }],
  ])('answers 401 to %j by the one message that API Gateway knows', async (upgrade) => {
    const { handlers } = setUp()
    await expect(handlers.authorize(authorizerEvent(upgrade), invocation)).rejects.toThrow(/^Unauthorized$/)
  })

  it('denies a token whose rooms do not fit into the context', async () => {
    const { handlers } = setUp()
    const result = await handlers.authorize(authorizerEvent({ query: { token: 'wide' } }), invocation)
    expect(result.policyDocument.Statement[0]?.Effect).toBe('Deny')
  })

  it('does not call a token bad while it cannot tell', async () => {
    const { handlers } = setUp()
    await expect(
      handlers.authorize(authorizerEvent({ query: { token: 'unknown' } }), invocation),
    ).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('believes anybody in open mode, but for a user id that is none', async () => {
    const { handlers } = setUp({ authenticate: makeOpenAuthentication() })
    const { context } = await handlers.authorize(
      authorizerEvent({ query: { userId: 'bob', name: 'Bob' } }),
      invocation,
    )
    expect(context).toMatchObject({ userId: 'bob', name: 'Bob', rooms: '["*"]' })
    await expect(
      handlers.authorize(authorizerEvent({ query: { userId: 'a\u0007' } }), invocation),
    ).rejects.toThrow(/^Unauthorized$/)
  })
})

describe('connect', () => {
  it('registers the connection with its endpoint, and echoes the subprotocol without the token', async () => {
    const { handlers, directory } = setUp()
    const event = connectEvent({
      query: { roomId: 'general' },
      subprotocols: 'token.good , simple-chat.v1',
      identity: verified,
    })
    expect(await handlers.connect(event, invocation)).toEqual({
      statusCode: 200,
      headers: { 'Sec-WebSocket-Protocol': 'simple-chat.v1' },
    })
    expect(await directory.find('general', event.requestContext.connectionId)).toMatchObject({
      endpoint: 'https://abc123.execute-api.eu-central-1.amazonaws.com/prod',
    })
  })

  it.each([
    [403, { query: { roomId: 'secret' } }],
    [400, { query: { roomId: 'no spaces' } }],
    [400, { subprotocols: 'soap' }],
  ])('answers %i to %j', async (status, upgrade) => {
    const { handlers } = setUp()
    const reply = await handlers.connect(connectEvent({ ...upgrade, identity: verified }), invocation)
    expect(reply.statusCode).toBe(status)
    expect(JSON.parse(reply.body ?? '')).toMatchObject({ type: 'error', status })
  })
})

describe('the message routes', () => {
  const connected = async () => {
    const world = setUp()
    await world.handlers.connect(
      connectEvent({ query: { roomId: 'general' }, identity: verified }),
      invocation,
    )
    return world
  }
  const send = { action: 'sendMessage', id: '7', roomId: 'general', content: 'hello' }

  it('answer each action with its reply', async () => {
    const { handlers, frameOf } = await connected()
    const roomAction = (frame: object) =>
      frameOf(handlers['room-actions'](messageEvent(frame, verified), invocation))
    expect(await frameOf(handlers['send-message'](messageEvent(send, verified), invocation))).toMatchObject({
      type: 'ack',
      seq: 1,
    })
    expect(await roomAction({ action: 'hello', id: '1' })).toMatchObject({
      type: 'hello',
      heads: { general: { seq: 1 } },
    })
    expect(await roomAction({ action: 'ping', id: '2', rooms: ['general'] })).toMatchObject({
      type: 'pong',
      id: '2',
    })
    expect(await roomAction({ action: 'joinRoom', roomId: 'general' })).toMatchObject({
      type: 'joined',
      seq: 1,
    })
    expect(await roomAction({ action: 'getHistory', roomId: 'general' })).toMatchObject({
      type: 'history',
      more: false,
    })
    expect(await roomAction({ action: 'leaveRoom', roomId: 'general' })).toMatchObject({ type: 'left' })
    expect(await frameOf(handlers['send-message'](messageEvent(send, verified), invocation))).toMatchObject({
      code: 'not_a_member',
      id: '7',
    })
  })

  it.each([
    ['not json', 'bad_request'],
    ['', 'bad_request'],
    ['{"action":"fly"}', 'unknown_action'],
    ['[]', 'bad_request'],
  ])('$default answers %j with %s', async (body, code) => {
    const { handlers, frameOf } = setUp()
    expect(await frameOf(handlers.default(messageEvent(body), invocation))).toMatchObject({
      type: 'error',
      code,
    })
  })

  it('refuse a connection whose token has expired since it connected', async () => {
    const { handlers, frameOf, clock } = setUp()
    const late = identityOf({ tokenExpiresAtMs: clock() })
    expect(await frameOf(handlers['send-message'](messageEvent(send, late), invocation))).toMatchObject({
      code: 'unauthorized',
      id: '7',
    })
  })

  it('show a client nothing of a defect, and log it once with its cause', async () => {
    const parts = makeParts()
    const broken = { ...parts.directory, find: () => Promise.reject(new Error('secret table name')) }
    const { handlers, frameOf } = setUp({ directory: broken, telemetry: parts.telemetry })
    const frame = await frameOf(handlers['send-message'](messageEvent(send), invocation))
    expect(frame).toMatchObject({ type: 'error', code: 'internal', id: '7' })
    expect(JSON.stringify(frame)).not.toContain('secret')
    expect(parts.telemetry.errors).toMatchObject([{ error: { message: 'secret table name' } }])
  })
})

describe('disconnect', () => {
  it('takes the connection out of its rooms', async () => {
    const { handlers, directory } = setUp()
    const event = connectEvent({ query: { roomId: 'general' }, identity: verified })
    await handlers.connect(event, invocation)
    await handlers.disconnect(disconnectEvent(verified), invocation)
    expect(await directory.find('general', event.requestContext.connectionId)).toBeUndefined()
  })
})

describe('deliver', () => {
  it('posts the jobs of an aws:rmq event, in order, whatever else is in it', async () => {
    const { handlers, seat, seqsOf, lanes } = setUp()
    await seat('general', 'c1')
    const record = (body: string) => ({
      basicProperties: { headers: { lane: { bytes: [97] } }, messageId: null },
      redelivered: false,
      data: Buffer.from(body).toString('base64'),
    })
    const bodies = [1, 2].map((seq) => encodeJob(messagesJob({ entries: [entryOf({ seq })] })))
    await handlers.deliver(
      {
        eventSource: 'aws:rmq',
        eventSourceArn: 'arn:aws:mq:eu-central-1:123456789012:broker:chat:b-1',
        rmqMessagesByQueue: { 'chat.v1.lane.0-of-2::/': [...bodies, '\u0000 poison'].map(record) },
      },
      invocation,
    )
    expect(seqsOf('c1')).toEqual([1, 2])
    expect(lanes.deadLetters()).toHaveLength(1)
  })
})

describe('auth-check', () => {
  const get = (query: Record<string, string>, headers: Record<string, string> = {}) => ({
    rawPath: '/auth-check',
    headers,
    queryStringParameters: query,
    requestContext: { requestId: 'r1', http: { method: 'GET', path: '/auth-check' } },
  })

  it.each([
    [200, { token: 'good' }],
    [200, { token: 'good', roomId: 'general' }],
    [403, { token: 'good', roomId: 'secret' }],
    [400, { token: 'good', roomId: 'no spaces' }],
    [401, { token: 'bad' }],
    [401, {}],
    [403, { token: 'wide' }],
    [503, { token: 'unknown' }],
  ])('answers %i to %j', async (status, query) => {
    const { handlers } = setUp()
    const reply = await handlers['auth-check'](get(query), invocation)
    expect(reply.statusCode).toBe(status)
    expect(JSON.parse(reply.body ?? '')).toMatchObject(
      status === 200 ? { type: 'ok', userId: 'ada' } : { type: 'error', status },
    )
  })

  it('takes the token from the Authorization header as well', async () => {
    const { handlers } = setUp()
    expect(await handlers['auth-check'](get({}, { authorization: 'Bearer good' }), invocation)).toMatchObject(
      { statusCode: 200 },
    )
  })
})
