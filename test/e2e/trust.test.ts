import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { refusalOf } from '../support/gateway/gateway-client.ts'
import { startTestChat } from '../support/gateway/test-chat.ts'
import { connectPlain } from '../support/sockets/plain-client.ts'

const secret = 'a secret of at least thirty-two bytes'
const env = { AUTH_MODE: 'secret', AUTH_SECRET: secret }

type Claims = { readonly sub?: string; readonly name?: string; readonly rooms?: readonly string[] }

const tokenFor = ({ sub = 'ada', ...claims }: Claims = {}, expires: string | number = '1h', key = secret) =>
  new SignJWT({ rooms: ['general', 'team-*'], ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(key))

const send = (fields: object = {}) => ({
  action: 'sendMessage',
  roomId: 'general',
  content: 'hello',
  ...fields,
})

describe('a connection', () => {
  it('is let in by a good token, from the subprotocol or the query string, and echoes no token', async () => {
    const { url } = await startTestChat({ env })
    const token = await tokenFor({ name: 'Ada' })
    const client = await connectPlain(`${url}/?roomId=general`, {
      protocols: ['simple-chat.v1', `token.${token}`],
    })
    expect(client.ws.protocol).toBe('simple-chat.v1')
    expect(await client.request({ action: 'hello' })).toMatchObject({
      userId: 'ada',
      heads: { general: { seq: 0 } },
    })
    const other = await connectPlain(`${url}/?token=${token}`)
    expect(await other.request({ action: 'hello' })).toMatchObject({ userId: 'ada', heads: {} })
  })

  it.each([
    ['without a token', 401, async () => ''],
    ['with an expired token', 401, () => tokenFor({}, Math.floor(Date.now() / 1000) - 60)],
    [
      'with a token signed with another secret',
      401,
      () => tokenFor({}, '1h', 'another secret of more than 32 bytes!'),
    ],
    [
      'with alg none',
      401,
      async () => new UnsecuredJWT({ sub: 'ada', rooms: ['*'] }).setExpirationTime('1h').encode(),
    ],
    ['with something that is no token', 401, async () => 'abc'],
    [
      'with more rooms than API Gateway takes',
      403,
      () => tokenFor({ rooms: Array.from({ length: 1450 }, () => 'a') }),
    ],
    ['for a room outside its token', 403, () => tokenFor({ rooms: ['other'] })],
  ])('is refused %s, and GET /auth-check says the same', async (_, status, makeToken) => {
    const { url } = await startTestChat({ env })
    const query = `?roomId=general&token=${await makeToken()}`
    expect(await refusalOf(`${url}/${query}`)).toMatchObject({ status })
    const check = await fetch(`${url}/auth-check${query}`)
    expect(check.status).toBe(status)
    expect(await check.json()).toMatchObject({ type: 'error', status })
  })

  it('is refused to a user who has too many, until one is closed', async () => {
    const { url } = await startTestChat({ env: { ...env, LIMIT_CONNECTIONS_PER_USER: '2' } })
    const token = await tokenFor()
    const [first] = [
      await connectPlain(`${url}/?token=${token}`),
      await connectPlain(`${url}/?token=${token}`),
    ]
    expect(await refusalOf(`${url}/?token=${token}`)).toMatchObject({ status: 429 })
    expect((await fetch(`${url}/auth-check?token=${token}`)).status).toBe(429)
    first.ws.close()
    await first.closed
    await expect.poll(async () => (await fetch(`${url}/auth-check?token=${token}`)).status).toBe(200)
    await connectPlain(`${url}/?token=${token}`)
  })

  it('is told and closed when its token ends, and its frames are refused from then on', async () => {
    let ahead = 0
    const { url } = await startTestChat({ env, clock: () => Date.now() + ahead })
    const late = await connectPlain(`${url}/?roomId=general&token=${await tokenFor({ sub: 'late' }, '1h')}`)
    const bob = await connectPlain(`${url}/?roomId=general&token=${await tokenFor({ sub: 'bob' }, '3h')}`)
    ahead = 61 * 60 * 1000
    expect(await late.request(send())).toMatchObject({ type: 'error', code: 'unauthorized' })
    expect(await bob.request(send())).toMatchObject({ type: 'ack', seq: 1 })
    await late.untilFrame('disconnect')
    expect(late.frames.at(-1)).toEqual({
      type: 'disconnect',
      code: 4401,
      reason: 'token expired',
      reconnect: true,
    })
    expect(await late.closed).toMatchObject({ code: 1000 })
    expect(late.pushed('general')).toEqual([])
  })
})

describe('a frame', () => {
  const connect = async () => {
    const { url } = await startTestChat({ env })
    return connectPlain(`${url}/?roomId=general&token=${await tokenFor({ name: 'Ada' })}`)
  }

  it('never says who sent it', async () => {
    const client = await connect()
    const forged = {
      sender: { userId: 'mallory' },
      userId: 'mallory',
      kind: 'system',
      seq: 77,
      messageId: 'mine',
      sentAt: '1970-01-01T00:00:00.000Z',
    }
    const ack = await client.request(send(forged))
    await client.untilPushed('general', 1)
    expect(client.pushed('general')[0]).toMatchObject({
      seq: 1,
      kind: 'text',
      sender: { userId: 'ada', name: 'Ada' },
    })
    expect(client.pushed('general')[0]?.messageId).not.toBe('mine')
    expect(ack).toMatchObject({ seq: 1 })
  })

  it.each([
    ['beyond the head', { seq: 99 }],
    ['of an epoch that never was', { epoch: '01BX5ZZKBKACTAV9WEVGEMMVRZ', seq: 1 }],
    ['far beyond any number', { seq: Number.MAX_SAFE_INTEGER }],
  ])('with a since %s is answered stale_cursor, and nothing is stored', async (_, forged) => {
    const client = await connect()
    const ack = await client.request(send())
    if (ack.type !== 'ack') throw new Error('The first message was not stored')
    const since = { epoch: ack.epoch, ...forged }
    expect(await client.request(send({ since, clientMessageId: 'm1' }))).toMatchObject({
      code: 'stale_cursor',
      status: 409,
    })
    expect(await client.request(send())).toMatchObject({ type: 'ack', seq: 2 })
  })

  it.each([
    ['a room outside the token', { action: 'joinRoom', roomId: 'secret' }, 'forbidden'],
    ['another user’s own room', { action: 'joinRoom', roomId: 'user.abc' }, 'forbidden'],
    ['a direct-message room', { action: 'joinRoom', roomId: 'dm.abc' }, 'forbidden'],
    ['writing to a room one is not in', { ...send(), roomId: 'team-1' }, 'not_a_member'],
    ['the history of a room one is not in', { action: 'getHistory', roomId: 'team-1' }, 'not_a_member'],
    ['an action that is a route of API Gateway', { action: '$disconnect' }, 'unknown_action'],
    ['content over the limit', send({ content: 'x'.repeat(8 * 1024) }), 'too_large'],
  ])('for %s is refused', async (_, frame, code) => {
    const client = await connect()
    expect(await client.request(frame)).toMatchObject({ type: 'error', code })
    expect(await client.request({ action: 'ping' })).toMatchObject({ type: 'pong' })
  })

  it.each([
    ['of 40 KiB', 'x'.repeat(40 * 1024), 1009],
    ['that is binary', Buffer.from('{"action":"ping"}'), 1003],
  ])('%s closes the connection as API Gateway does', async (_, data, code) => {
    const client = await connect()
    client.ws.send(data)
    expect((await client.closed).code).toBe(code)
  })
})
