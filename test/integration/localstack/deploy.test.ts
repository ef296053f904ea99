import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { spawnScript } from '../../support/processes/spawn-script.ts'
import { freePort } from '../../support/servers/rabbitmq-server.ts'
import { yamlBlock, yamlScalars } from '../../support/yaml-block.ts'

/** Stands for cdklocal: notes how it was called, and writes the outputs that it was asked for. */
const cdkLocalStandIn = (folder: string, exitCode: number) => `#!${process.execPath}
const { appendFileSync, writeFileSync } = require('node:fs')
const { TARGET, RABBITMQ_URL, AUTH_MODE, AUTH_SECRET, AWS_REGION, AWS_ENVAR_ALLOWLIST } = process.env
const args = process.argv.slice(2)
const call = { args, env: { TARGET, RABBITMQ_URL, AUTH_MODE, AUTH_SECRET, AWS_REGION, AWS_ENVAR_ALLOWLIST } }
appendFileSync(${JSON.stringify(join(folder, 'calls'))}, JSON.stringify(call) + '\\n')
const file = args[args.indexOf('--outputs-file') + 1]
const outputs = { SocketUrl: 'wss://abc123.execute-api.us-east-1.amazonaws.com/live', Lanes: '4' }
if (args[0] === 'deploy') writeFileSync(file, JSON.stringify({ 'SimpleChat-live': outputs }))
process.exitCode = ${exitCode}
`

const startLocalStack = async (status = 200): Promise<string> => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/_localstack/health' ? status : 404).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Runs `npm run deploy:localstack` with the stand-in first on its path. */
const runDeploy = async (env: Readonly<Record<string, string>>, exitCode = 0) => {
  const folder = await mkdtemp(join(tmpdir(), 'simple-chat-cdklocal-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'calls'), '')
  await writeFile(join(folder, 'cdklocal'), cdkLocalStandIn(folder, exitCode))
  await chmod(join(folder, 'cdklocal'), 0o755)
  const run = await spawnScript('localstack/deploy/main.ts', [], { ...env, PATH: folder }).ended
  const calls = (await readFile(join(folder, 'calls'), 'utf8')).split('\n').filter((line) => line !== '')
  return { ...run, calls: calls.map((line) => JSON.parse(line)) }
}

describe('npm run deploy:localstack', () => {
  test('bootstraps, deploys with the target, and tells where the chat is and how to try it', async () => {
    const compose = await readFile('localstack/compose.yml', 'utf8')
    const poller = yamlBlock(compose, 'services', 'lane-poller', 'environment')
    const { code, output, calls } = await runDeploy({
      AWS_ENDPOINT_URL: await startLocalStack(),
      RABBITMQ_URL: 'amqp://localhost',
    })
    expect(code).toBe(0)
    expect(calls.map(({ args }) => args)).toEqual([
      ['bootstrap', 'aws://000000000000/us-east-1', '-c', 'target=localstack'],
      [
        'deploy',
        '-c',
        'target=localstack',
        '--require-approval',
        'never',
        '--outputs-file',
        expect.any(String),
      ],
    ])
    const { env } = calls[1]
    expect(env).toEqual({
      TARGET: 'localstack',
      RABBITMQ_URL: yamlScalars(poller).RABBITMQ_URL,
      AUTH_MODE: 'secret',
      AUTH_SECRET: expect.stringMatching(/^[\w-]{43}$/),
      AWS_REGION: 'us-east-1',
      AWS_ENVAR_ALLOWLIST: 'AWS_REGION,AWS_DEFAULT_REGION',
    })
    const url = 'ws://abc123.execute-api.localhost.localstack.cloud:4566/live'
    expect(output).toContain(`Simple Chat runs at ${url}\n`)
    expect(output).toContain(`AUTH_SECRET=${env.AUTH_SECRET} npm run smoke -- ${url}\n`)
  })

  test('takes region, secret and issuer from the environment', async () => {
    const AWS_ENDPOINT_URL = await startLocalStack()
    const AUTH_SECRET = 'a secret of at least thirty-two bytes'
    const first = await runDeploy({ AWS_ENDPOINT_URL, AWS_REGION: 'eu-central-1', AUTH_SECRET })
    expect(first.calls[0]).toMatchObject({
      args: ['bootstrap', 'aws://000000000000/eu-central-1', '-c', 'target=localstack'],
      env: { AUTH_SECRET, AWS_REGION: 'eu-central-1' },
    })
    const issuer = { AUTH_MODE: 'issuer', AUTH_ISSUER: 'https://id.example.org', AUTH_AUDIENCE: 'chat' }
    const second = await runDeploy({ AWS_ENDPOINT_URL, ...issuer })
    expect(second.calls[1].env).toMatchObject({ AUTH_MODE: 'issuer' })
    expect(second.calls[1].env.AUTH_SECRET).toBeUndefined()
    expect(second.output).toContain('CHAT_TOKEN=… npm run smoke')
  })

  test.each([
    [{ AWS_ENDPOINT_URL: 'notaurl' }, 'AWS_ENDPOINT_URL must be a URL'],
    [{ AUTH_SECRET: 'short' }, 'AUTH_SECRET must have at least 32 bytes'],
    [{ AUTH_MODE: 'issuer' }, 'AUTH_ISSUER is missing; AUTH_AUDIENCE is missing'],
    [{ AUTH_MODE: 'open' }, 'the stack has no open mode'],
  ])('says in one line what is wrong with %j, before it asks for LocalStack', async (env, problem) => {
    const { code, errors, calls } = await runDeploy(env)
    expect([code, calls]).toEqual([1, []])
    expect(errors).toMatch(/^Bad settings: .*\n$/)
    expect(errors).toContain(problem)
  })

  test('says in one line that LocalStack does not answer, or is not healthy, and deploys nothing', async () => {
    const away = await runDeploy({ AWS_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}` })
    expect(away).toMatchObject({ code: 1, calls: [] })
    expect(away.errors).toMatch(
      /^LocalStack does not answer at .* docker compose -f localstack\/compose.yml up.*\n$/,
    )
    const unwell = await runDeploy({ AWS_ENDPOINT_URL: await startLocalStack(503) })
    expect(unwell).toMatchObject({ code: 1, calls: [] })
    expect(unwell.errors).toMatch(
      /^LocalStack at .* is not healthy: its health check answered 503. See its log.\n$/,
    )
  })

  test('ends with 1 when cdklocal fails, and goes no further', async () => {
    const { code, errors, calls } = await runDeploy({ AWS_ENDPOINT_URL: await startLocalStack() }, 3)
    expect(code).toBe(1)
    expect(errors).toBe('cdklocal bootstrap failed.\n')
    expect(calls).toHaveLength(1)
  })
})
