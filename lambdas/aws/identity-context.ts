import * as v from 'valibot'
import type { Identity } from '../../core/domain/identity.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { jsonBytes } from '../../protocol/limits.ts'
import type { AuthorizerContext } from './events.ts'

/** Maximum bytes of a Lambda authorizer's context: API Gateway quota of 8 KB. */
const maxContextBytes = 8 * 1024

/**
 * Converts an identity to an authorizer's context. It contains strings only, so that a conversion of numbers on the way
 * changes nothing.
 *
 * @throws ChatError `forbidden` for a token with more rooms than fit
 */
export const contextOf = ({ userId, name, rooms, roles, tokenExpiresAtMs }: Identity): AuthorizerContext => {
  const context = {
    userId,
    ...(name !== undefined && { name }),
    rooms: JSON.stringify(rooms),
    roles: JSON.stringify(roles),
    tokenExpiresAtMs: String(tokenExpiresAtMs),
  }
  const bytes = jsonBytes(context)
  if (bytes > maxContextBytes) {
    throw new ChatError(
      'forbidden',
      `The token's rooms and roles take ${bytes} bytes; at most ${maxContextBytes} fit. Use patterns such as "team-*".`,
    )
  }
  return context
}

/** Reads the identity from a connection's events. @throws Error for a context of another origin, which is a defect */
export const identityOf = (context: AuthorizerContext | undefined): Identity => {
  const { userId, name, rooms, roles, tokenExpiresAtMs } = v.parse(ContextSchema, context)
  return {
    userId,
    ...(name !== undefined && { name }),
    rooms,
    roles,
    tokenExpiresAtMs: Number(tokenExpiresAtMs),
  }
}

const StringListSchema = v.pipe(v.string(), v.parseJson(), v.array(v.string()))
const ContextSchema = v.object({
  userId: v.string(),
  name: v.exactOptional(v.string()),
  rooms: StringListSchema,
  roles: StringListSchema,
  tokenExpiresAtMs: v.pipe(v.string(), v.regex(/^\d+$/)),
})
