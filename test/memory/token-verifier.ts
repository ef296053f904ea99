import type { Identity } from '../../core/domain/identity.ts'
import type { TokenVerifier } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'

/** Knows the tokens that it was given, for good, and no other. */
export const makeTokenVerifier =
  (identities: ReadonlyMap<string, Identity>): TokenVerifier =>
  async (token) => {
    const identity = identities.get(token)
    if (!identity) throw new ChatError('unauthorized', 'The token is not valid. Get a new one.')
    return identity
  }
