import * as v from 'valibot'
import type { Identity } from '../../core/domain/identity.ts'
import type { TokenVerifier } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { UserIdSchema } from '../../protocol/client-frames.ts'

/** What a client says of itself when it connects. */
export type Credentials = {
  readonly token: string | undefined
  readonly userId: string | undefined
  readonly name: string | undefined
}

/** @throws ChatError `unauthorized`, saying what to do; `unavailable` if the issuer's keys are out of reach */
export type Authenticate = (credentials: Credentials) => Promise<Identity>

export const makeTokenAuthentication =
  (verify: TokenVerifier): Authenticate =>
  async ({ token }) => {
    if (token === undefined) {
      throw new ChatError(
        'unauthorized',
        'There is no token. Offer the subprotocol token.<jwt>, or add ?token=<jwt>.',
      )
    }
    return verify(token)
  }

/** Open mode: whoever connects is whom they say, and may enter every room. For a developer's own machine. */
export const makeOpenAuthentication =
  (): Authenticate =>
  async ({ userId, name }) => {
    if (!v.is(UserIdSchema, userId)) {
      throw new ChatError('unauthorized', 'Add ?userId=<1 to 128 printable characters> to the address.')
    }
    return {
      userId,
      ...(v.is(UserIdSchema, name) && { name }),
      rooms: ['*'],
      roles: [],
      // Nothing expires: the largest time that JavaScript knows.
      tokenExpiresAtMs: 8.64e15,
    }
  }
