import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../../../cli/smoke/options.ts'

const url = 'wss://abc.execute-api.eu-central-1.amazonaws.com/live'
const secret = 's'.repeat(32)
const optionsOf = (args: readonly string[], environment = {}) => {
  const parsed = parseOptions([url, ...args], environment)
  if (parsed.kind !== 'options') throw new Error(parsed.problem)
  return parsed.options
}
const problemOf = (...args: readonly string[]) => {
  const parsed = parseOptions(args, {})
  return parsed.kind === 'usage' ? parsed.problem : undefined
}

describe('the options of the smoke test', () => {
  it('are an address, and the rest as it makes sense without them', () => {
    expect(optionsOf([])).toEqual({
      url,
      roomId: expect.stringMatching(/^smoke-[0-9a-f]{8}$/),
      identification: { kind: 'open' },
      messages: 20,
      timeoutMs: 30_000,
    })
    expect(optionsOf(['--room', 'general', '--messages', '5', '--timeout', '60'])).toMatchObject({
      roomId: 'general',
      messages: 5,
      timeoutMs: 60_000,
    })
  })

  it('take an argument before the environment', () => {
    const environment = { CHAT_TOKEN: 'env', AUTH_SECRET: secret }
    expect(optionsOf([], environment).identification).toEqual({ kind: 'tokens', tokens: ['env', 'env'] })
    expect(optionsOf(['--secret', secret], environment).identification).toEqual({ kind: 'secret', secret })
    expect(optionsOf(['--token', 'a', '--token', 'b'], environment).identification).toEqual({
      kind: 'tokens',
      tokens: ['a', 'b'],
    })
    expect(optionsOf([], { CHAT_TOKEN: '', AUTH_SECRET: secret }).identification).toMatchObject({
      kind: 'secret',
    })
  })

  it('ask for one address of a WebSocket', () => {
    expect(problemOf()).toMatch(/one address/)
    expect(problemOf(url, url)).toMatch(/one address/)
    expect(problemOf('https://example.org')).toMatch(/is not the address of a server/)
  })

  it.each([
    ['not both', ['--token', 'a', '--secret', secret]],
    ['at most twice', ['--token', 'a', '--token', 'b', '--token', 'c']],
    ['fewer than 32 bytes', ['--secret', 'short']],
    ['from 1 to 1000', ['--messages', '0']],
    ['from 1 to 1000', ['--messages', '1001']],
    ['from 1 to 600', ['--timeout', 'soon']],
    ['is not a room id', ['--room', 'a b']],
    ['--colour', ['--colour', 'blue']],
  ])('are refused with "%s" if they are invalid', (text, args) => {
    expect(problemOf(url, ...args)).toContain(text)
  })
})
