import type { Handlers } from '../../../gateway/lambda/handlers.ts'
import type { AuthorizerContext, AuthorizerResult } from '../../../lambdas/aws/events.ts'

/** Everything that was invoked, in order. */
export type Invocations = {
  readonly [name in keyof Handlers]: Parameters<Handlers[name]>[0][]
}

export type FakeHandlers = { readonly handlers: Handlers; readonly invoked: Invocations }

/** Handlers that let everybody in and answer 200 without a body, but for those that a test replaces. */
export const fakeHandlers = (replaced: Partial<Handlers> = {}): FakeHandlers => {
  const invoked: Invocations = {
    authorize: [],
    'auth-check': [],
    connect: [],
    disconnect: [],
    'send-message': [],
    'room-actions': [],
    default: [],
    deliver: [],
  }
  const handlers: Handlers = {
    authorize: async () => allow({ userId: 'ada' }),
    'auth-check': async () => ({ statusCode: 200, body: '{}' }),
    connect: async () => ({ statusCode: 200 }),
    disconnect: async () => ({ statusCode: 200 }),
    'send-message': async () => ({ statusCode: 200 }),
    'room-actions': async () => ({ statusCode: 200 }),
    default: async () => ({ statusCode: 200 }),
    deliver: async () => undefined,
    ...replaced,
  }
  const record =
    <Event, Context, Result>(events: Event[], handler: (event: Event, context: Context) => Promise<Result>) =>
    (event: Event, context: Context) => {
      events.push(event)
      return handler(event, context)
    }
  return {
    invoked,
    handlers: {
      authorize: record(invoked.authorize, handlers.authorize),
      'auth-check': record(invoked['auth-check'], handlers['auth-check']),
      connect: record(invoked.connect, handlers.connect),
      disconnect: record(invoked.disconnect, handlers.disconnect),
      'send-message': record(invoked['send-message'], handlers['send-message']),
      'room-actions': record(invoked['room-actions'], handlers['room-actions']),
      default: record(invoked.default, handlers.default),
      deliver: record(invoked.deliver, handlers.deliver),
    },
  }
}

export const allow = (context: AuthorizerContext): AuthorizerResult => policy('Allow', context)
export const deny = (): AuthorizerResult => policy('Deny', {})

const policy = (Effect: 'Allow' | 'Deny', context: AuthorizerContext): AuthorizerResult => ({
  principalId: 'ada',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect, Resource: '*' }],
  },
  context,
})
