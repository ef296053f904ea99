import { randomBytes } from 'node:crypto'
import { signToken } from '../token/sign-token.ts'
import type { Identification } from './options.ts'

/** Credentials of a user of the smoke test. */
export type Identity = { readonly token: string } | { readonly userId: string }

/** Life of the tokens, longer than any smoke test (our choice). */
const tokenLife = '30 minutes'

/** Creates the credentials of A and B: new users, unless tokens were given. */
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
