import { describe, expect, test } from 'vitest'
import { readAuthorization } from '../../../../gateway/sockets/authorization.ts'

const methodArn = 'arn:aws:execute-api:us-east-1:000000000000:gateway/local/$connect'
const statement = (fields = {}) => ({
  Action: 'execute-api:Invoke',
  Effect: 'Allow',
  Resource: methodArn,
  ...fields,
})
const resultOf = (statements: unknown, context?: unknown) => ({
  principalId: 'ada',
  policyDocument: { Version: '2012-10-17', Statement: statements },
  ...(context !== undefined && { context }),
})
const kindOf = (result: unknown) => readAuthorization(result, methodArn, 8192).kind

describe('readAuthorization', () => {
  test('3 hands on the context with principalId, and nobody can change it afterwards', () => {
    const authorization = readAuthorization(
      resultOf([statement()], { userId: 'ada', n: 1, b: true }),
      methodArn,
      8192,
    )
    expect(authorization).toEqual({
      kind: 'allow',
      context: { userId: 'ada', n: 1, b: true, principalId: 'ada' },
    })
    expect('context' in authorization && Object.isFrozen(authorization.context)).toBe(true)
  })

  test.each([
    ['the very resource', [statement()]],
    [
      'a pattern',
      [statement({ Resource: 'arn:aws:execute-api:*:gateway/loc?l/*', Action: 'execute-api:*' })],
    ],
    ['one of a list', [statement({ Resource: ['other', '*'], Action: ['x', 'execute-api:Invoke'] })]],
    ['beside a denial of something else', [statement(), statement({ Effect: 'Deny', Resource: 'other' })]],
  ])('2 allows by %s', (_, statements) => {
    expect(kindOf(resultOf(statements))).toBe('allow')
  })

  test.each([
    ['no statement', []],
    ['a denial', [statement({ Effect: 'Deny' })]],
    ['a denial beside a permission', [statement(), statement({ Effect: 'Deny', Resource: '*' })]],
    ['another resource', [statement({ Resource: `${methodArn}x` })]],
    ['a dot that is no wildcard', [statement({ Resource: methodArn.replace('us-east-1', 'us.east.1') })]],
    ['another action', [statement({ Action: 's3:GetObject' })]],
    ['an effect in small letters', [statement({ Effect: 'allow' })]],
  ])('2 denies by %s', (_, statements) => {
    expect(kindOf(resultOf(statements))).toBe('deny')
  })

  test.each([
    ['nothing', undefined],
    ['a text', 'Allow'],
    ['no principal', { ...resultOf([statement()]), principalId: undefined }],
    ['statements that are no list', resultOf(statement())],
    ['a list in the context', resultOf([statement()], { rooms: ['a'] })],
    ['null in the context', resultOf([statement()], { name: null })],
    ['a context that is no object', resultOf([statement()], 'ada')],
    ['a context a byte too large', resultOf([statement()], { r: 'x'.repeat(8192 - 7) })],
  ])('2 calls %s malformed', (_, result) => {
    expect(kindOf(result)).toBe('malformed')
  })

  test('3 a context of exactly 8 KB passes', () => {
    expect(kindOf(resultOf([statement()], { r: 'x'.repeat(8192 - 8) }))).toBe('allow')
  })
})
