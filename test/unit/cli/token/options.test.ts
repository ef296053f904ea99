import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../../../cli/token/options.ts'

const AUTH_SECRET = 'a secret of at least thirty-two bytes'

describe('options of npm run token', () => {
  it('take a user and rooms, and the secret from the environment', () => {
    expect(parseOptions(['--user', 'ada', '--rooms', 'general, team-*'], { AUTH_SECRET })).toEqual({
      kind: 'options',
      options: {
        userId: 'ada',
        name: undefined,
        rooms: ['general', 'team-*'],
        roles: [],
        hours: 1,
        secret: AUTH_SECRET,
      },
    })
  })

  it.each([
    ['nobody', ['--rooms', 'a'], 'Give the user id'],
    ['no room', ['--user', 'ada'], 'Give the rooms'],
    ['a star within', ['--user', 'ada', '--rooms', 'a*b'], '"a*b" is neither a room id'],
    ['a life without end', ['--user', 'ada', '--rooms', 'a', '--hours', '9000'], 'from 1 to 8760'],
    ['an unknown option', ['--user', 'ada', '--room', 'a'], "Unknown option '--room'"],
  ])('refuse %s and say why', (_what, args, problem) => {
    expect(parseOptions(args, { AUTH_SECRET })).toMatchObject({
      kind: 'usage',
      problem: expect.stringContaining(problem),
    })
  })

  it('refuse a secret that no deployment takes', () => {
    for (const environment of [{}, { AUTH_SECRET: 'short' }]) {
      expect(parseOptions(['--user', 'ada', '--rooms', 'a'], environment)).toMatchObject({
        problem: expect.stringContaining('Set AUTH_SECRET'),
      })
    }
  })
})
