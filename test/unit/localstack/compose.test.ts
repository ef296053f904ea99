import { readFileSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../localstack/config.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { yamlBlock, yamlKeys, yamlScalars } from '../../support/yaml-block.ts'

const folder = 'localstack'
const compose = readFileSync(join(folder, 'compose.yml'), 'utf8')
const dockerfile = readFileSync(join(folder, 'Dockerfile'), 'utf8')
const services = yamlKeys(yamlBlock(compose, 'services'))
const service = (name: string) => yamlBlock(compose, 'services', name)

/** As compose has it where no variable is set. */
const withDefaults = (value: string) => value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')

describe('compose.yml', () => {
  it('starts LocalStack, RabbitMQ and the poller, the first two with a health check that the third waits for', () => {
    expect(services).toEqual(['localstack', 'rabbitmq', 'lane-poller'])
    const awaited = yamlBlock(compose, 'services', 'lane-poller', 'depends_on')
    for (const name of yamlKeys(awaited)) {
      expect(service(name).map((line) => line.trim())).toContain('healthcheck:')
      expect(yamlBlock(compose, 'services', 'lane-poller', 'depends_on', name).join()).toContain(
        'service_healthy',
      )
    }
    expect(yamlKeys(awaited)).toHaveLength(2)
  })

  it('asks for the auth token that this edition of LocalStack needs', () => {
    const { LOCALSTACK_AUTH_TOKEN } = yamlScalars(yamlBlock(compose, 'services', 'localstack', 'environment'))
    expect(LOCALSTACK_AUTH_TOKEN).toMatch(/^\$\{LOCALSTACK_AUTH_TOKEN:\?.+\}$/)
  })

  it('has the functions run in the network in which the others are', () => {
    const network = yamlScalars(yamlBlock(compose, 'networks', 'chat')).name
    const { LAMBDA_DOCKER_NETWORK } = yamlScalars(yamlBlock(compose, 'services', 'localstack', 'environment'))
    expect(LAMBDA_DOCKER_NETWORK).toBe(network)
    for (const name of services) expect(yamlScalars(service(name)).networks).toBe('[chat]')
  })

  it('gives the poller settings that it takes, and addresses that are services of its own', () => {
    const variables = yamlScalars(yamlBlock(compose, 'services', 'lane-poller', 'environment'))
    const environment = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, withDefaults(value)]),
    )
    expect(readConfig(environment)).toEqual({
      rabbitMqUrl: 'amqp://guest:guest@rabbitmq:5672',
      queuePrefix: 'chat',
      laneCounts: { lanes: 4, bulkLanes: 2 },
      deliverFunction: 'simple-chat-live-deliver',
      logLevel: 'info',
    })
    for (const address of [environment.RABBITMQ_URL, environment.AWS_ENDPOINT_URL]) {
      expect(services).toContain(new URL(address ?? '').hostname)
    }
  })

  it('pins its images', () => {
    const images = [...compose.matchAll(/^ +image: (.+)$/gm)].map(([, image = '']) => withDefaults(image))
    expect(images).toHaveLength(2)
    for (const image of images) expect(image).toMatch(/:\d+\.\d+/)
  })

  it('publishes ports to this machine alone', () => {
    const ports = [...compose.matchAll(/^ +- "(.*:\d[\d-]*)"$/gm)].map(([, port]) => port)
    expect(ports).toHaveLength(3)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })
})

describe('the image of the poller', () => {
  const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  )
  const built = build({
    entryPoints: [join(folder, 'main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    metafile: true,
    write: false,
  })

  it('is built from the files that compose.yml names', async () => {
    const { context = '', dockerfile: file = '' } = yamlScalars(
      yamlBlock(compose, 'services', 'lane-poller', 'build'),
    )
    await access(join(folder, context, file))
    for (const source of copied) await access(join(folder, context, source))
    const ignored = readFileSync(join(folder, `${file.slice(folder.length + 1)}.dockerignore`), 'utf8')
    for (const source of copied) expect(ignored).toContain(`\n!${source}\n`)
    expect(dockerfile).toContain(`CMD ["node", "${folder}/main.ts"]`)
  })

  it('holds every file that the poller runs', async () => {
    const { metafile } = await built
    const folders = new Set(Object.keys(metafile.inputs).map((file) => file.split('/')[0] ?? ''))
    expect([...folders].sort()).toEqual(
      copied.filter((source) => !dirname(source).includes('/') && !source.includes('.')).sort(),
    )
  })

  it('holds every package that the poller uses: none of them is for development', async () => {
    const { metafile } = await built
    const packages = Object.values(metafile.outputs)
      .flatMap(({ imports }) => imports)
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('node:') && path !== 'events')
    expect(packages.length).toBeGreaterThan(2)
    const names = packages.map((path) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    for (const name of names) expect(Object.keys(packageJson.dependencies)).toContain(name)
  })
})
