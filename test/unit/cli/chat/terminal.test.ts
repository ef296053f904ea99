import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorLine, makePaint, messageLines, stateText } from '../../../../cli/chat/lines.ts'
import { parseOptions } from '../../../../cli/chat/options.ts'
import { columnsOf, printable, printableLine } from '../../../../cli/chat/printable.ts'
import { ChatClientError } from '../../../../client/api/errors.ts'
import { serverForTest } from '../../../support/client/test-client.ts'
import { spawnScript } from '../../../support/processes/spawn-script.ts'

const problemOf = (...args: string[]) => {
  const parsed = parseOptions(args, undefined)
  return parsed.kind === 'usage' ? parsed.problem : 'none'
}

describe('terminal options', () => {
  it('take a room and a user, and the local server if none is named', () => {
    expect(parseOptions(['--room', 'general', '--user', 'ada'], undefined)).toEqual({
      kind: 'options',
      options: {
        url: 'ws://localhost:8080/',
        roomId: 'general',
        user: 'ada',
        token: undefined,
        history: 20,
      },
    })
  })

  it('take the place to ask why a connection was refused', () => {
    const authCheckUrl = 'https://check.example.org/auth-check'
    const args = ['--room', 'general', '--token', 'a.jwt.here', '--auth-check-url', authCheckUrl]
    expect(parseOptions(args, undefined)).toMatchObject({ options: { authCheckUrl } })
  })

  it('take the token from the environment unless one is given', () => {
    const args = ['--room', 'general', '--url', 'wss://chat.example.org/live']
    expect(parseOptions(args, 'from-env')).toMatchObject({ options: { token: 'from-env' } })
    expect(parseOptions([...args, '--token', 'given'], 'from-env')).toMatchObject({
      options: { token: 'given' },
    })
  })

  it.each([
    ['no room', ['--user', 'ada'], 'Name a room'],
    ['nobody', ['--room', 'general'], 'Give a user or a token'],
    ['a room that cannot be', ['--room', 'a b', '--user', 'ada'], 'is not a room id'],
    ['an unknown option', ['--root', 'general'], "Unknown option '--root'"],
    ['an option without its value', ['--room'], '--room'],
    [
      'another protocol',
      ['--room', 'a', '--user', 'ada', '--url', 'http://x/'],
      'is not the address of a server',
    ],
    [
      'a place to ask that is none',
      ['--room', 'a', '--user', 'b', '--auth-check-url', 'wss://x/'],
      'is not a URL',
    ],
    [
      'a place to ask that is cut off',
      ['--room', 'a', '--user', 'b', '--auth-check-url', 'https://'],
      'is not a URL',
    ],
    ['a user with a line break', ['--room', 'a', '--user', 'a\nb'], 'printable'],
    ['a history without end', ['--room', 'a', '--user', 'b', '--history', '501'], 'from 0 to 500'],
  ])('refuse %s and say why', (_what, args, problem) => {
    expect(problemOf(...args)).toContain(problem)
  })

  it('ask for nothing but the usage with --help', () => {
    expect(parseOptions(['--help'], undefined)).toEqual({ kind: 'usage', problem: undefined })
  })
})

describe('printable text', () => {
  it('loses what would steer the terminal, and keeps its words', () => {
    expect(printable('\u001b[2J\u001b]0;owned\u0007red \u001b[31malert\u001b[0m')).toBe('red alert')
    expect(printable('bell\u0007 back\bspace \u009b2J')).not.toMatch(/\p{Cc}/u)
    expect(printable('abc\u202edef\u2066')).toBe('abcdef')
  })

  it('keeps lines, emoji and every script', () => {
    expect(printable('eins\r\nzwei\rdrei')).toBe('eins\nzwei\ndrei')
    expect(printable('👩‍👩‍👧 שלום 漢字')).toBe('👩‍👩‍👧 שלום 漢字')
  })

  it('never holds a control character but the line break, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (anything) => {
        expect(printable(anything)).not.toMatch(/[^\P{Cc}\n]|\p{Cs}/u)
      }),
    )
  })

  it('stays on one line and short where it is a name', () => {
    expect(printableLine('a\nb')).toBe('a b')
    expect(printableLine('x'.repeat(100))).toBe(`${'x'.repeat(39)}…`)
  })

  it('counts two columns for what a terminal draws wide', () => {
    expect(columnsOf('abc')).toBe(3)
    expect(columnsOf('漢字 👩‍👩‍👧')).toBe(7)
    expect(columnsOf('é')).toBe(1)
  })
})

describe('terminal lines', () => {
  const plain = makePaint(false)
  const message = {
    seq: 1,
    kind: 'text' as const,
    messageId: 'm1',
    sender: { userId: 'ada', name: 'Ada\u001b[31m' },
    content: 'one\ntwo',
    sentAt: new Date(2026, 10, 22, 9, 5).toISOString(),
  }

  it('show the time, the name and the text, further lines indented', () => {
    expect(messageLines(message, new Date(2026, 10, 22, 23), plain)).toBe('09:05 Ada: one\n      two')
  })

  it('show the date of what is not from today', () => {
    expect(messageLines(message, new Date(2026, 10, 23), plain)).toMatch(/^2026-11-22 09:05 Ada/)
  })

  it('tell an error with its number and code in one line', () => {
    const error = new ChatClientError('unauthorized', 'The token\nhas expired.', { status: 401 })
    expect(errorLine(error, plain)).toBe('! The token has expired. (401 unauthorized)')
  })

  it('tell once that the server is away, and when it is back', () => {
    const offline = { status: 'offline', retryInMs: 1 } as const
    const text = (attempt: number) => stateText({ status: 'connecting', attempt }, offline, 'ws://x/')
    expect(text(1)).toContain('does not answer')
    expect(text(2)).toBeUndefined()
    expect(stateText({ status: 'open' }, offline, 'ws://x/')).toContain('lost')
  })
})

describe('terminal client', () => {
  it('sends each line of a pipe in order, and ends when all are stored', async () => {
    const server = await serverForTest()
    const { code, output } = await run(
      ['--room', 'general', '--user', 'ada', '--url', server.url],
      'one\n\ntwo\nthree\n',
    )
    expect(code).toBe(0)
    expect(output).toContain('Sent 3 of 3 to general')
    expect(
      server
        .room('general')
        .messages()
        .map(({ content }) => content),
    ).toEqual(['one', 'two', 'three'])
  })

  it('tells once what it waits for when the server takes its time', async () => {
    const server = await serverForTest()
    server.script('hello', (_frame, _connection, proceed) => setTimeout(proceed, 1500))
    const { code, errors } = await run(['--room', 'general', '--user', 'ada', '--url', server.url], 'hello\n')
    expect({ code, errors }).toEqual({ code: 0, errors: `Connecting to ${server.url}…\n` })
  })

  it('ends with 1 and one clear line when it is refused', async () => {
    const server = await serverForTest()
    server.refuse(401, 'The token has expired.')
    const args = ['--room', 'general', '--token', 'old', '--url', server.url]
    const { code, errors } = await run(args, 'hello\n')
    expect(code).toBe(1)
    expect(errors).toBe('! The token has expired. (401 unauthorized)\n')
  })

  it('ends with 2 and the usage when the arguments are invalid', async () => {
    const { code, errors } = await run(['--nonsense'], '')
    expect(code).toBe(2)
    expect(errors).toContain('Usage: npm run chat')
  })
})

const run = (args: readonly string[], input: string) => {
  const { CHAT_TOKEN: _none, ...env } = process.env
  return spawnScript('cli/chat/main.ts', args, env, input).ended
}
