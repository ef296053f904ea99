import type { Telemetry } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import type { Authenticate } from '../aws/authenticate.ts'
import type { AuthorizeHandler, AuthorizerResult } from '../aws/events.ts'
import { contextOf } from '../aws/identity-context.ts'
import { queryOf, tokenOf } from '../aws/upgrade-request.ts'
import { unauthorizedMessage } from '../routes.ts'

type Deps = { readonly authenticate: Authenticate; readonly telemetry: Telemetry }

/** Handles the authorizer: it identifies the user of a new connection. Its context comes with every later event. */
export const makeAuthorizeHandler =
  ({ authenticate, telemetry }: Deps): AuthorizeHandler =>
  async (event) => {
    try {
      const identity = await authenticate({
        token: tokenOf(event),
        userId: queryOf(event, 'userId'),
        name: queryOf(event, 'name'),
      })
      return { ...policy('Allow', identity.userId, event.methodArn), context: contextOf(identity) }
    } catch (error) {
      if (!(error instanceof ChatError)) throw error
      telemetry.count('connection.refused')
      telemetry.info('A connection was refused', { code: error.code, reason: error.message })
      if (error.code === 'forbidden') return policy('Deny', 'refused', event.methodArn)
      if (error.code === 'unauthorized') throw new Error(unauthorizedMessage, { cause: error })
      throw error
    }
  }

/** Tells whether a thrown error is the handler's way to refuse a token. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof Error && error.message === unauthorizedMessage

const policy = (effect: 'Allow' | 'Deny', principalId: string, resource: string): AuthorizerResult => ({
  principalId,
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: resource }],
  },
})
