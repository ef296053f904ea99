import { type JWTPayload, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { makeTokenVerifier } from '../../../../adapters/jose/token-verifier.ts'
import type { ChatError } from '../../../../protocol/chat-error.ts'

const secret = 'a secret of thirty-two bytes ...'
const nowMs = Date.parse('2026-11-22T12:00:00.500Z')
const nowSeconds = Math.floor(nowMs / 1000)
const verify = makeTokenVerifier({ secret, clock: () => nowMs })

const sign = (claims: JWTPayload, key = secret, alg = 'HS256') =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key))

const claims = { sub: 'ada', exp: nowSeconds + 3600 }
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The error of a token that is refused as such. */
const refusalOf = async (token: string): Promise<ChatError> => {
  const error = await verify(token).then(
    () => expect.fail('The token was accepted'),
    (thrown: ChatError) => thrown,
  )
  expect(error).toMatchObject({ name: 'ChatError', code: 'unauthorized' })
  expect(error.message).toMatch(/\.$/)
  return error
}

describe('token verifier with a shared secret', () => {
  it('tells whom a token speaks for', async () => {
    const token = await sign({
      ...claims,
      name: 'Ada Lovelace',
      rooms: ['general', 'team-*', '*'],
      roles: ['moderator'],
      iss: 'anyone',
      extra: { ignored: true },
    })

    expect(await verify(token)).toStrictEqual({
      userId: 'ada',
      name: 'Ada Lovelace',
      rooms: ['general', 'team-*', '*'],
      roles: ['moderator'],
      tokenExpiresAtMs: (nowSeconds + 3600) * 1000,
    })
  })

  it.each([{}, { name: null, rooms: null, roles: null }, { name: ' \u0000 ' }])(
    'takes a token that names nothing but its user for one without rooms and roles: %j',
    async (rest) => {
      expect(await verify(await sign({ ...claims, ...rest }))).toStrictEqual({
        userId: 'ada',
        rooms: [],
        roles: [],
        tokenExpiresAtMs: claims.exp * 1000,
      })
    },
  )

  it('takes a secret in bytes, and refuses one of fewer than 32', async () => {
    const bytes = new TextEncoder().encode(secret)
    const verifyWithBytes = makeTokenVerifier({ secret: bytes, clock: () => nowMs })

    expect(await verifyWithBytes(await sign(claims))).toMatchObject({ userId: 'ada' })
    expect(() => makeTokenVerifier({ secret: bytes.slice(1), clock: () => nowMs })).toThrow(
      'has 31 bytes; it needs at least 32',
    )
    expect(() => makeTokenVerifier({ secret: 'é'.repeat(16), clock: () => nowMs })).not.toThrow()
  })

  it.each([
    ['control characters', 'A\u0000d\u001ba\u0085\n', 'Ada'],
    ['marks that turn the direction of text', '\u202eadA\u2066\u200f', 'adA'],
    ['unpaired surrogates', 'Ada\ud800', 'Ada'],
    ['blanks at its ends', '  Ada L. ', 'Ada L.'],
  ])('cleans a name of %s', async (_, name, cleaned) => {
    expect(await verify(await sign({ ...claims, name }))).toMatchObject({ name: cleaned })
  })

  it('keeps joined emoji whole, and cuts a name after 128 code points', async () => {
    expect(await verify(await sign({ ...claims, name: '👩‍🚀 Ζωή' }))).toMatchObject({ name: '👩‍🚀 Ζωή' })
    expect(await verify(await sign({ ...claims, name: '😀'.repeat(129) }))).toMatchObject({
      name: '😀'.repeat(128),
    })
  })

  it.each([
    ['without exp', { exp: undefined }, /exp is missing/],
    ['with an exp that is no number', { exp: 'tomorrow' }, /exp/],
    ['with an exp beyond what a date can hold', { exp: 1e300 }, /exp lies too far ahead/],
    ['without sub', { sub: undefined }, /sub is missing/],
    ['with an empty sub', { sub: '' }, /sub must be 1 to 128 printable/],
    ['with a sub of 129 characters', { sub: 'a'.repeat(129) }, /sub must be/],
    ['with a control character in sub', { sub: 'a\u0000' }, /sub must be/],
    ['with a sub that is no string', { sub: 7 }, /sub/],
    ['with a name that is no string', { name: { first: 'Ada' } }, /name must be a string/],
    ['with rooms that are no list', { rooms: 'general' }, /rooms must be a list/],
    ['with a room that is no string', { rooms: ['general', 7] }, /rooms\.1 must be a string/],
    ['with a room of odd characters', { rooms: ['a b'] }, /rooms\.0 must be a room id/],
    ['with a pattern with two stars', { rooms: ['a**'] }, /rooms\.0/],
    ['with a pattern whose star is not its end', { rooms: ['a*b'] }, /rooms\.0/],
    ['with an empty room', { rooms: [''] }, /rooms\.0/],
    ['with a room of 129 characters', { rooms: ['a'.repeat(129)] }, /rooms\.0/],
    ['with roles that are no list', { roles: 'moderator' }, /roles must be a list/],
    ['with a role that is no string', { roles: [null] }, /roles\.0 must be a string/],
    ['that is not valid yet', { nbf: nowSeconds + 6 }, /not valid yet/],
    ['that has expired', { exp: nowSeconds - 5 }, /expired/],
  ])('refuses a token %s', async (_, values, message) => {
    const signed = { ...claims, ...values } as JWTPayload

    expect((await refusalOf(await sign(signed))).message).toMatch(message)
  })

  it('bears with clocks that are 5 seconds apart', async () => {
    expect(await verify(await sign({ ...claims, exp: nowSeconds - 4 }))).toMatchObject({ userId: 'ada' })
    expect(await verify(await sign({ ...claims, nbf: nowSeconds + 5 }))).toMatchObject({ userId: 'ada' })
  })

  it('goes by the clock that it was given', async () => {
    const verifyLater = makeTokenVerifier({ secret, clock: () => nowMs + 4_000_000 })

    await expect(verifyLater(await sign(claims))).rejects.toThrow(/expired/)
  })

  it.each(['', 'nonsense', 'a.b', 'a.b.c', '..', 'a.b.c.d.e', '💥.💥.💥', `${encode(null)}.${encode(1)}.`])(
    'refuses what is no token: %j',
    async (token) => {
      expect((await refusalOf(token)).cause).toBeInstanceOf(Error)
    },
  )

  it('refuses a token that is not signed', async () => {
    const token = `${encode({ alg: 'none' })}.${encode(claims)}.`

    expect((await refusalOf(token)).message).toMatch(/signed in a way that this service does not accept/)
  })

  it.each(['HS384', 'HS512'])('refuses a token signed with the secret and %s', async (alg) => {
    const long = secret.repeat(2)
    const verifyLong = makeTokenVerifier({ secret: long, clock: () => nowMs })

    await expect(verifyLong(await sign(claims, long, alg))).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('refuses a token signed with another secret', async () => {
    const token = await sign(claims, secret.toUpperCase())

    expect((await refusalOf(token)).message).toMatch(/not signed with a key that this service trusts/)
  })

  it('refuses a token whose claims, header or signature were changed', async () => {
    const [header, , signature = ''] = (await sign(claims)).split('.')
    const [, payload] = (await sign(claims)).split('.')
    const otherSignature = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`

    await refusalOf(`${header}.${encode({ ...claims, sub: 'bob' })}.${signature}`)
    await refusalOf(`${encode({ alg: 'HS256', kid: 'x' })}.${payload}.${signature}`)
    await refusalOf(`${header}.${payload}.${otherSignature}`)
    await refusalOf(`${header}.${payload}.`)
  })

  it('refuses a token of more than 8 KB without looking into it', async () => {
    const large = await sign({ ...claims, rooms: Array.from({ length: 500 }, (_, n) => `room-number-${n}`) })

    expect(large.length).toBeGreaterThan(8192)
    expect((await refusalOf(large)).message).toMatch(/longer than 8192/)
  })

  it('repeats nothing of the token in what it tells', async () => {
    const signed = { ...claims, sub: 'user\u0007-in-the-token', rooms: ['not a room'] }

    expect((await refusalOf(await sign(signed))).message).not.toMatch(/in-the-token|not a room/)
  })
})
