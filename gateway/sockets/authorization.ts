import type { Handlers } from '../lambda/handlers.ts'

/** The context that the authorizer returned, with `principalId`. Every later event of the connection carries it. */
export type AuthorizerContext = NonNullable<
  Parameters<Handlers['connect']>[0]['requestContext']['authorizer']
>

/** Outcome of an authorizer: let in, refused, or a result that API Gateway does not accept. */
export type Authorization =
  | { readonly kind: 'allow'; readonly context: AuthorizerContext }
  | { readonly kind: 'deny' }
  /** API Gateway answers 500 to such a result. The reason is for the log only. */
  | { readonly kind: 'malformed'; readonly reason: string }

/** Evaluates an authorizer's result as API Gateway does: an IAM policy and a context of scalars. */
export const readAuthorization = (
  result: unknown,
  methodArn: string,
  contextBytes: number,
): Authorization => {
  const malformed = (reason: string): Authorization => ({ kind: 'malformed', reason })
  if (!isObject(result)) return malformed('the result is not an object')
  const { principalId, policyDocument, context = {} } = result
  if (typeof principalId !== 'string') return malformed('principalId is not a string')
  if (!isObject(policyDocument) || !Array.isArray(policyDocument.Statement)) {
    return malformed('policyDocument has no list of statements')
  }
  if (!isScalars(context)) return malformed('a value of the context is not a string, number or boolean')
  const bytes = Buffer.byteLength(JSON.stringify(context))
  if (bytes > contextBytes)
    return malformed(`the context is ${bytes} bytes; at most ${contextBytes} are allowed`)

  const effects = policyDocument.Statement.filter((statement) => concerns(statement, methodArn)).map(
    ({ Effect }) => Effect,
  )
  if (!effects.includes('Allow') || effects.includes('Deny')) return { kind: 'deny' }
  return { kind: 'allow', context: Object.freeze({ ...context, principalId }) }
}

const concerns = (statement: unknown, methodArn: string): statement is Record<string, unknown> =>
  isObject(statement) &&
  matches(statement.Action, 'execute-api:Invoke') &&
  matches(statement.Resource, methodArn)

/** Tells whether a policy pattern, or one of a list of patterns, matches. Patterns may contain `*` and `?`. */
const matches = (patterns: unknown, value: string): boolean =>
  [patterns].flat().some((pattern) => typeof pattern === 'string' && asRegExp(pattern).test(value))

const asRegExp = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  )

const isScalars = (context: unknown): context is AuthorizerContext =>
  isObject(context) &&
  Object.values(context).every(
    (value) => value === undefined || ['string', 'number', 'boolean'].includes(typeof value),
  )

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
