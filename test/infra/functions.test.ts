import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, it } from 'vitest'
import { environmentOf, functionOf, functionsOf, resourcesOf } from './synthesis/template.ts'

const run = promisify(execFile)

/** What Lambda itself puts into every function's environment. */
const fromLambda = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_SESSION_TOKEN: 'example',
}

/** With what CloudFormation might put in. */
const asDeployed = (environment: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value
        .replace(/<[^>]*AmqpEndpoints>\[0\]/, 'amqps://b-0a1b.mq.eu-central-1.on.aws:5671')
        .replaceAll(/<[^>]*>/g, 'SimpleChat-Thing-0A1B2C'),
    ]),
  )

const start = async (folder: string, environment: Record<string, string>): Promise<string> => {
  const script = `console.log(typeof require(${JSON.stringify(join(folder, 'index.js'))}).handler)`
  const { stdout } = await run(process.execPath, ['-e', script], { env: { ...fromLambda, ...environment } })
  return stdout.trim()
}

const bundles = inject('bundles')

describe.each(['small', 'cluster', 'localstack'] as const)('the functions of %s', (variant) => {
  const { template } = inject(variant)

  it.each(functionsOf(template).map((found) => [found.name, found] as const))(
    '%s starts with what the template gives it',
    async (name, found) => {
      const environment = asDeployed(environmentOf(template, found))
      expect(await start(bundles[name].folder, environment)).toBe('function')
    },
  )

  it('are told their limits alike', () => {
    const limits = functionsOf(template)
      .map((found) => environmentOf(template, found).LIMIT_CONTENT_BYTES)
      .filter((limit) => limit !== undefined)
    expect(limits).toEqual(variant === 'cluster' ? Array(6).fill('4096') : [])
  })
})

describe('deliver', () => {
  it('is told when a room is large', () => {
    const membersOf = (variant: 'small' | 'cluster') => {
      const { template } = inject(variant)
      return environmentOf(template, functionOf(template, 'deliver')).LARGE_ROOM_MEMBERS
    }
    expect([membersOf('small'), membersOf('cluster')]).toEqual(['1000', '0'])
  })
})

describe('the functions', () => {
  const { template } = inject('small')

  it('do not start without what they need, and say so', async () => {
    const connect = functionsOf(template).filter(({ name }) => name === 'connect')[0]
    if (!connect) throw new Error('There is no connect')
    const { CONNECTIONS_TABLE: _, ...rest } = asDeployed(environmentOf(template, connect))
    await expect(start(bundles.connect.folder, rest)).rejects.toThrow(
      'SettingsError: Bad settings: CONNECTIONS_TABLE is missing',
    )
  })

  it('run on Node 24 and arm64, with a handler where it is looked for', () => {
    for (const { Properties } of functionsOf(template)) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        LoggingConfig: { LogFormat: 'JSON' },
      })
    }
  })

  it('bear the deployment’s name in logs and metrics', () => {
    const names = functionsOf(inject('cluster').template).map((found) =>
      environmentOf(inject('cluster').template, found),
    )
    expect(new Set(names.map(({ SERVICE_NAME }) => SERVICE_NAME))).toEqual(new Set(['simple-chat-blue']))
  })

  it('of frameworks run on the same Node', () => {
    for (const { Properties, path } of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(Properties.Runtime, path).toBe('nodejs24.x')
    }
  })

  it('end before API Gateway or the next batch would wait in vain', () => {
    const timeouts = Object.fromEntries(
      functionsOf(template).map(({ name, Properties }) => [name, Properties.Timeout]),
    )
    expect(timeouts).toMatchObject({ authorize: 10, 'send-message': 29, deliver: 60, publish: 15 })
    // More than lanes that are retired are waited for, and less than CDK's framework waits for it.
    expect(timeouts['declare-topology']).toBe(600)
  })
})
