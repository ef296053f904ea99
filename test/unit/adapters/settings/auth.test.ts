import { describe, expect, it } from 'vitest'
import { readAuthSettings } from '../../../../adapters/settings/auth.ts'

describe('a secret that tokens are signed with', () => {
  const read = (AUTH_SECRET: string) => readAuthSettings({ AUTH_MODE: 'secret', AUTH_SECRET })

  it('is any text of 32 bytes', () => {
    for (const secret of [
      'x'.repeat(32),
      '"quoted", and [not] {JSON} at all',
      '12345678901234567890123456789012',
    ]) {
      expect(read(secret)).toEqual({ mode: 'secret', secret })
    }
    expect(() => read('x'.repeat(31))).toThrow('AUTH_SECRET must have at least 32 bytes')
  })

  it('is not JSON that has it in it, as Secrets Manager stores keys and values, and is not repeated', () => {
    const inner = 'a secret of at least thirty-two bytes'
    expect(() => read(JSON.stringify({ secret: inner }))).toThrow(
      /^Bad settings: AUTH_SECRET must be the secret itself, not JSON that contains it$/,
    )
  })
})
