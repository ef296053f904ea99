import * as v from 'valibot'
import type { Identity } from '../../core/domain/identity.ts'
import type { TokenVerifier } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { UserIdSchema } from '../../protocol/client-frames.ts'

/** Credentials that a client presents when it connects. */
export type Credentials = {
  readonly token: string | undefined
  readonly userId: string | undefined
  readonly name: string | undefined
}

/** Identifies a client. @throws ChatError `unauthorized`, or `unavailable` if the issuer's keys are out of reach */
export type Authenticate = (credentials: Credentials) => Promise<Identity>

/** Creates authentication by token. */
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

/** Creates authentication of open mode, for development: clients choose their user id and may enter every room. */
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
      // Never expires: the largest time in JavaScript.
      tokenExpiresAtMs: 8.64e15,
    }
  }
