import { describe, expect, it } from 'vitest'
import { startTestChat } from '../support/gateway/test-chat.ts'
import { spawnScript } from '../support/processes/spawn-script.ts'
import { connectPlain } from '../support/sockets/plain-client.ts'

/** Runs the terminal client with a pipe for its input, as `npm run chat` does. */
const runTerminal = (args: readonly string[], input: string) =>
  spawnScript('cli/chat/main.ts', args, process.env, input).ended

describe('the terminal client', () => {
  it('sends what is piped into it, line by line, and ends with 0 once all is acknowledged', async () => {
    const { url } = await startTestChat()
    const bob = await connectPlain(`${url}/?userId=bob&roomId=general`)
    const args = ['--room', 'general', '--user', 'ada', '--url', url.replace('http', 'ws')]
    expect(await runTerminal(args, 'first\nsecond\n')).toMatchObject({ code: 0 })
    await bob.untilPushed('general', 2)
    expect(bob.pushed('general')).toMatchObject([
      { seq: 1, content: 'first', sender: { userId: 'ada' } },
      { seq: 2, content: 'second', sender: { userId: 'ada' } },
    ])
  })

  it('says how it is used when its arguments are invalid, and ends with 2', async () => {
    const { code, errors } = await runTerminal(['--colour', 'blue'], '')
    expect(code).toBe(2)
    expect(errors).toContain('--room')
  })

  it('says in one line why it is refused, and ends with 1', async () => {
    const env = { AUTH_MODE: 'secret', AUTH_SECRET: 'a secret of at least thirty-two bytes' }
    const { url } = await startTestChat({ env })
    const args = ['--room', 'general', '--token', 'abc', '--url', url.replace('http', 'ws')]
    const { code, errors } = await runTerminal(args, 'hello\n')
    expect(code).toBe(1)
    expect(errors.trim().split('\n')).toHaveLength(1)
    expect(errors).toMatch(/token/i)
  })
})
