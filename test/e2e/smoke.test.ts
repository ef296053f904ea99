import { SignJWT } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import { everyParts, startTestChat } from '../support/gateway/test-chat.ts'
import { spawnScript } from '../support/processes/spawn-script.ts'
import { freePort } from '../support/servers/rabbitmq-server.ts'
import { startScriptedServer } from '../support/servers/scripted-server.ts'
import { startTamperingProxy } from '../support/sockets/tampering-proxy.ts'

const secret = 'a secret of at least thirty-two bytes'

/** Runs the smoke test as `npm run smoke` does. */
const runSmoke = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const run = await spawnScript('cli/smoke/main.ts', args, env).ended
  return { ...run, steps: run.output.split('\n').map((line) => line.split(' ')[0]) }
}

const addressOf = (url: string) => `${url.replace('http', 'ws')}/`

const allSteps = ['connect', 'join', 'send', 'receive', 'latency', 'retry', 'recover', 'history', 'leave']
const wentWell = { code: 0, errors: '', steps: [...allSteps, 'All', ''] }

describe.each(everyParts())('npm run smoke, on $name,', (parts) => {
  it('chats through a deployment in open mode, tells each step in a line, and ends with 0', async () => {
    const { url } = await startTestChat({ parts, instances: 2 })
    const run = await runSmoke([addressOf(url), '--room', 'general'])
    expect(run).toMatchObject(wentWell)
    expect(run.output).toMatch(/A is smoke-a-\w{8}, B is smoke-b-\w{8}; at most 7200 s, 8192 bytes/)
    expect(run.output).toContain('both have all 40 pushed, in one order, without gap or repeat')
    expect(run.output).toMatch(/from send to push: p50 \d+ ms, p99 \d+ ms, of 80\n/)
    expect(run.output).toContain('the same message again is a duplicate of 41')
    expect(run.output).toContain('has the 5 messages that it missed')
    expect(run.output).toContain('47 messages in 5 pages, down to the floor at 1')
  })
})

describe('npm run smoke', () => {
  const startWithTokens = () => startTestChat({ env: { AUTH_MODE: 'secret', AUTH_SECRET: secret } })

  it('makes tokens for two users itself, from a secret in its arguments or its environment', async () => {
    const { url } = await startWithTokens()
    const args = [addressOf(url), '--messages', '3']
    expect(await runSmoke([...args, '--secret', secret])).toMatchObject(wentWell)
    expect(await runSmoke(args, { AUTH_SECRET: secret })).toMatchObject(wentWell)
  })

  it('takes a token of npm run token', async () => {
    const { url } = await startWithTokens()
    const args = ['--user', 'ada', '--name', 'Ada', '--rooms', 'smoke-*', '--roles', 'guest']
    const made = await spawnScript('cli/token/main.ts', args, { AUTH_SECRET: secret }).ended
    expect(made).toMatchObject({ code: 0, errors: '' })
    const run = await runSmoke([addressOf(url), '--messages', '3'], { CHAT_TOKEN: made.output.trim() })
    expect(run).toMatchObject(wentWell)
    expect(run.output).toContain('A is ada, B is ada')
  })

  it('takes tokens as well: one for each of two users, or one for both', async () => {
    const { url } = await startWithTokens()
    const tokenOf = (userId: string) =>
      new SignJWT({ rooms: ['smoke.*'] })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(userId)
        .setExpirationTime('1 minute')
        .sign(new TextEncoder().encode(secret))
    const [ada, bob] = [await tokenOf('ada'), await tokenOf('bob')]
    const args = [addressOf(url), '--messages', '3', '--room', 'smoke.1']
    const two = await runSmoke([...args, '--token', ada, '--token', bob])
    expect(two).toMatchObject(wentWell)
    expect(two.output).toContain('A is ada, B is bob')
    const one = await runSmoke(args, { CHAT_TOKEN: ada })
    expect(one).toMatchObject(wentWell)
    expect(one.output).toContain('A is ada, B is ada')
  })

  it('carries on in a room that has messages already', async () => {
    const { url } = await startTestChat()
    const args = [addressOf(url), '--messages', '2', '--room', 'general']
    await runSmoke(args)
    const again = await runSmoke(args)
    expect(again).toMatchObject(wentWell)
    expect(again.output).toContain('both are in general, whose last message is 11')
    expect(again.output).toContain('22 messages in 3 pages')
  })
})

describe('npm run smoke says in one line what is wrong, and ends with 1, where', () => {
  const failureOf = async (args: readonly string[]) => {
    const { code, errors } = await runSmoke(args)
    expect(code).toBe(1)
    expect(errors.trim().split('\n')).toHaveLength(1)
    return errors
  }

  it('nothing listens', async () => {
    const url = `ws://127.0.0.1:${await freePort()}/`
    expect(await failureOf([url])).toMatch(/^connect .*FAILED.*cannot be reached: connect ECONNREFUSED/)
  })

  it('the secret is another one', async () => {
    const { url } = await startTestChat({ env: { AUTH_MODE: 'secret', AUTH_SECRET: secret } })
    const line = await failureOf([addressOf(url), '--secret', secret.toUpperCase()])
    expect(line).toMatch(/^connect .*FAILED.*refuses: 401, .*: is the token signed with/)
  })

  it('there is no token at all', async () => {
    const { url } = await startTestChat({ env: { AUTH_MODE: 'secret', AUTH_SECRET: secret } })
    expect(await failureOf([addressOf(url)])).toMatch(/refuses: 401, .*: give --token or --secret, or set/)
  })

  it('the server speaks no TLS', async () => {
    const { url } = await startTestChat()
    const line = await failureOf([`${url.replace('http', 'wss')}/`])
    expect(line).toMatch(/^connect .*FAILED.*cannot be reached: it speaks no TLS there; is it ws:\/\/\?$/m)
  })

  it('the server has troubles of its own', async () => {
    const server = await startScriptedServer()
    onTestFinished(server.stop)
    server.refuse(503)
    const line = await failureOf([server.url, '--timeout', '2'])
    expect(line).toMatch(/^connect .*FAILED.*does not let A and B in; it answers 503, no reason given\n$/)
  })

  it('the token does not allow the room', async () => {
    const { url } = await startTestChat({ env: { AUTH_MODE: 'secret', AUTH_SECRET: secret } })
    const token = await new SignJWT({ rooms: ['general'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('ada')
      .setExpirationTime('1 minute')
      .sign(new TextEncoder().encode(secret))
    const line = await failureOf([addressOf(url), '--token', token, '--room', 'other'])
    expect(line).toMatch(/^join .*FAILED.*\(forbidden\)/)
  })

  it('nothing is pushed, though the clients get everything by asking for it', async () => {
    const { url } = await startTestChat({ env: { FAULTS: 'gonePosts=1' } })
    const line = await failureOf([addressOf(url), '--messages', '3', '--timeout', '6'])
    expect(line).toMatch(/^receive .*FAILED. Not done within 6 s: A has 6 of 6 messages, 0 of them pushed/)
  })

  it('what is pushed reaches one of the two only', async () => {
    const { url } = await startTestChat()
    const lossy = await startTamperingProxy(url, {
      toClient: (frame, connection) => (frame.type === 'messages' && connection === 2 ? undefined : frame),
    })
    const line = await failureOf([lossy, '--messages', '3', '--timeout', '6'])
    expect(line).toMatch(/^receive .*6 of 6 messages, 6 of them pushed.*6 of 6 messages, 0 of them pushed/)
  })

  it('a message that is sent twice is stored twice', async () => {
    const { url } = await startTestChat()
    const forgetful = await startTamperingProxy(url, {
      toServer: ({ clientMessageId, ...frame }) =>
        frame.content === 'sent twice'
          ? frame
          : { ...frame, ...(clientMessageId !== undefined && { clientMessageId }) },
    })
    const line = await failureOf([forgetful, '--messages', '3'])
    expect(line).toMatch(/^retry .*FAILED. The same clientMessageId and since were stored twice: as 7 and 8/)
  })

  it('a message is missing in the history', async () => {
    const { url } = await startTestChat()
    const lossy = await startTamperingProxy(url, {
      toClient: (frame) =>
        frame.type === 'history' && Array.isArray(frame.messages)
          ? { ...frame, messages: frame.messages.filter(({ seq }) => seq !== 4) }
          : frame,
    })
    const line = await failureOf([lossy, '--messages', '3'])
    expect(line).toMatch(/^history .*FAILED. The history has 3 instead of 4/)
  })

  it('nobody is let in in time', async () => {
    const { url } = await startTestChat({ env: { FAULTS: 'connectLatencyMs=5000' } })
    const line = await failureOf([addressOf(url), '--timeout', '1'])
    expect(line).toMatch(/^connect .*FAILED. Not done within 1 s: ws:\S+ does not let A and B in/)
  })
})

it('npm run smoke says how it is used when its arguments are invalid, and ends with 2', async () => {
  const { code, errors } = await runSmoke(['http://localhost:8080/'])
  expect(code).toBe(2)
  expect(errors).toContain('is not the address of a server: ws://localhost:8080/\n')
  expect(errors).toContain('Usage: npm run smoke -- URL')
})
