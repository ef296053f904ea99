import { randomBytes } from 'node:crypto'
import { signToken } from '../token/sign-token.ts'
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
      const { secret } = identification
      const rooms = [roomId]
      const [a, b] = await Promise.all(
        userIds.map((userId) => signToken({ userId, rooms }, secret, tokenLife)),
      )
      return [{ token: a ?? '' }, { token: b ?? '' }]
    }
    case 'open':
      return [{ userId: userIds[0] }, { userId: userIds[1] }]
  }
}
