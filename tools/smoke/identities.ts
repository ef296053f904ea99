import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Identification } from './options.ts'

export type Identity = { readonly token: string } | { readonly userId: string }

/** A smoke test that takes longer than its token lives has other troubles. */
const tokenLife = '30 minutes'

/** Who A and B are, for the server: users that nobody else is, unless tokens were given. */
export const identitiesFor = async (
  identification: Identification,
  roomId: string,
): Promise<readonly [Identity, Identity]> => {
  const suffix = randomBytes(4).toString('hex')
  const userIds = [`smoke-a-${suffix}`, `smoke-b-${suffix}`] as const
  switch (identification.kind) {
    case 'tokens': {
      const [a, b] = identification.tokens
      return [{ token: a }, { token: b }]
    }
    case 'secret': {
      const key = new TextEncoder().encode(identification.secret)
      const [a, b] = await Promise.all(userIds.map((userId) => makeToken(userId, roomId, key)))
      return [{ token: a ?? '' }, { token: b ?? '' }]
    }
    case 'open':
      return [{ userId: userIds[0] }, { userId: userIds[1] }]
  }
}

const makeToken = (userId: string, roomId: string, key: Uint8Array): Promise<string> =>
  new SignJWT({ rooms: [roomId] })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime(tokenLife)
    .sign(key)
