import type { Telemetry } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import type { Authenticate } from '../aws/authenticate.ts'
import type { AuthorizeHandler, AuthorizerResult } from '../aws/events.ts'
import { contextOf } from '../aws/identity-context.ts'
import { queryOf, tokenOf } from '../aws/upgrade-request.ts'

type Deps = { readonly authenticate: Authenticate; readonly telemetry: Telemetry }

/** Tells API Gateway whom a new connection speaks for: its answer's context comes with every later event. */
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
      if (error.code === 'unauthorized') throw new Error(unauthorized, { cause: error })
      throw error
    }
  }

/** The one message that API Gateway turns into a 401. */
const unauthorized = 'Unauthorized'

/** Whether what the handler threw is its way to refuse a token. */
export const isRefusal = (error: unknown): boolean => error instanceof Error && error.message === unauthorized

const policy = (effect: 'Allow' | 'Deny', principalId: string, resource: string): AuthorizerResult => ({
  principalId,
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: resource }],
  },
})
