import { exportSPKI, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeTokenVerifier } from '../../../../adapters/jose/token-verifier.ts'
import { type JwksServer, keySet, startJwksServer } from '../../../support/servers/jwks-server.ts'

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>

const audience = 'simple-chat'
const clock = () => Date.now()

describe("token verifier with an issuer's published keys", () => {
  let server: JwksServer
  let first: KeyPair
  let second: KeyPair

  beforeAll(async () => {
    ;[first, second] = await Promise.all([
      generateKeyPair('ES256', { extractable: true }),
      generateKeyPair('ES256', { extractable: true }),
    ])
  })
  beforeEach(async () => {
    server = await startJwksServer()
    server.answer(await keySet({ first: first.publicKey }))
  })
  afterEach(() => server.stop())

  const claims = (): JWTPayload => ({
    sub: 'ada',
    exp: Math.floor(clock() / 1000) + 3600,
    iss: server.issuer,
    aud: audience,
    rooms: ['general'],
  })
  const sign = (
    payload: JWTPayload,
    key: Parameters<SignJWT['sign']>[0] = first.privateKey,
    header: JWTHeaderParameters = { alg: 'ES256', kid: 'first' },
  ) => new SignJWT(payload).setProtectedHeader(header).sign(key)
  const verifier = (options = {}) => makeTokenVerifier({ issuer: server.issuer, audience, clock, ...options })

  it('fetches the keys from below the issuer, once for many tokens at once', async () => {
    const verify = verifier()
    const token = await sign(claims())

    const identities = await Promise.all(Array.from({ length: 5 }, () => verify(token)))

    expect(identities[4]).toMatchObject({ userId: 'ada', rooms: ['general'] })
    expect(server.requests).toEqual(['/tenant/.well-known/jwks.json'])
  })

  it('fetches the keys from another address if it is given one', async () => {
    const verify = verifier({ jwksUri: `${server.issuer}/keys?v=1` })

    await verify(await sign(claims()))

    expect(server.requests).toEqual(['/tenant/keys?v=1'])
  })

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('takes a token signed with %s', async (alg) => {
    const pair = await generateKeyPair(alg, { extractable: true })
    server.answer(await keySet({ only: pair.publicKey }))

    const token = await sign(claims(), pair.privateKey, { alg, kid: 'only' })

    expect(await verifier()(token)).toMatchObject({ userId: 'ada' })
  })

  it('takes a token that is meant for several audiences, this service among them', async () => {
    const token = await sign({ ...claims(), aud: ['shop', audience] })

    expect(await verifier()(token)).toMatchObject({ userId: 'ada' })
  })

  it.each([
    ['of another issuer', { iss: 'https://elsewhere.example' }, /iss is not what this service accepts/],
    ['of no issuer', { iss: undefined }, /iss is missing/],
    ['for another audience', { aud: 'shop' }, /aud is not what this service accepts/],
    ['for no audience', { aud: undefined }, /aud is missing/],
    ['that has expired', { exp: 1_700_000_000 }, /expired/],
  ])('refuses a token %s', async (_, values, message) => {
    const refused = verifier()(await sign({ ...claims(), ...values } as JWTPayload))

    await expect(refused).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(message),
    })
  })

  it('refuses a token that is signed with HS256 and the public key for a secret', async () => {
    const publicKey = new TextEncoder().encode(await exportSPKI(first.publicKey))

    const refused = verifier()(await sign(claims(), publicKey, { alg: 'HS256' }))

    await expect(refused).rejects.toMatchObject({
      code: 'unauthorized',
      cause: { code: 'ERR_JOSE_ALG_NOT_ALLOWED' },
    })
    expect(server.requests).toEqual([])
  })

  it('refuses a token without a signature', async () => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

    const refused = verifier()(`${encode({ alg: 'none', kid: 'first' })}.${encode(claims())}.`)

    await expect(refused).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('refuses a token that another key signed under a published key id', async () => {
    const refused = verifier()(await sign(claims(), second.privateKey))

    await expect(refused).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/not signed with a key that this service trusts/),
    })
  })

  it('refuses a token that does not say which of several keys it is signed with', async () => {
    server.answer(await keySet({ first: first.publicKey, second: second.publicKey }))

    const refused = verifier()(await sign(claims(), first.privateKey, { alg: 'ES256' }))

    await expect(refused).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/kid/),
    })
  })

  it('takes tokens signed with a new key once the issuer publishes it', async () => {
    const verify = verifier({ jwksCooldownMs: 0 })
    await verify(await sign(claims()))
    const token = await sign(claims(), second.privateKey, { alg: 'ES256', kid: 'second' })
    await expect(verify(token)).rejects.toMatchObject({ code: 'unauthorized' })

    server.answer(await keySet({ second: second.publicKey }))

    expect(await verify(token)).toMatchObject({ userId: 'ada' })
    await expect(verify(await sign(claims()))).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('does not ask the issuer again for each made-up key id', async () => {
    const verify = verifier()
    await verify(await sign(claims()))

    for (const kid of ['x', 'y', 'z']) {
      const refused = verify(await sign(claims(), second.privateKey, { alg: 'ES256', kid }))
      await expect(refused).rejects.toMatchObject({ code: 'unauthorized' })
    }

    expect(server.requests).toHaveLength(1)
  })

  it.each([
    ['an error', { status: 500, body: '' }],
    ['a redirect', { status: 302, body: '' }],
    ['what is not JSON', { status: 200, body: '<html>' }],
    ['what is not a key set', { status: 200, body: '{"keys":"none"}' }],
    ['nothing at all', 'nothing'],
  ] as const)('is unavailable while the issuer answers with %s, and recovers', async (_, answer) => {
    const verify = verifier({ jwksTimeoutMs: 200 })
    const token = await sign(claims())
    server.answer(answer)

    await expect(verify(token)).rejects.toMatchObject({ code: 'unavailable', cause: expect.any(Error) })

    server.answer(await keySet({ first: first.publicKey }))
    expect(await verify(token)).toMatchObject({ userId: 'ada' })
  })

  it('is unavailable when the issuer is down', async () => {
    const gone = await startJwksServer()
    await gone.stop()
    const verify = makeTokenVerifier({ issuer: gone.issuer, audience, clock })

    const refused = verify(await sign({ ...claims(), iss: gone.issuer }))

    await expect(refused).rejects.toMatchObject({ code: 'unavailable', cause: expect.any(Error) })
  })

  it('refuses to start with an issuer that is no URL', () => {
    expect(() => makeTokenVerifier({ issuer: 'issuer', audience, clock })).toThrow()
  })
})
