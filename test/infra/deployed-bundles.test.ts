import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { generateKeyPair, SignJWT } from 'jose'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { makeTelemetry } from '../../adapters/memory/telemetry.ts'
import { makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../../adapters/rabbitmq/lane-consumer.ts'
import { deleteTopology, describeTopology } from '../../adapters/rabbitmq/topology.ts'
import type { Handlers } from '../../gateway/handlers.ts'
import { startGateway } from '../../gateway/server.ts'
import type { DeclareTopologyHandler, PublishHandler } from '../../lambdas/events.ts'
import { type FunctionName, functionNames } from '../../lambdas/routes.ts'
import { runSmoke } from '../../tools/smoke/run-smoke.ts'
import { eventually } from '../support/eventually.ts'
import { refusalOf } from '../support/gateway-client.ts'
import { startLambdaApi } from '../support/lambda-api.ts'
import { invocation } from '../support/lambda-events.ts'
import { connectPlain } from '../support/plain-client.ts'
import { freePort } from '../support/rabbitmq-server.ts'
import { makeTestTables } from '../support/test-tables.ts'
import { keySet, startJwksServer } from '../unit/adapters/jose/jwks-server.ts'
import { environmentOf, functionOf } from './template.ts'

const rabbitMq = inject('rabbitMq')
const { template } = inject('small')
const bundles = inject('bundles')
const credentials = { accessKeyId: 'test', secretAccessKey: 'secret' }
const region = 'eu-central-1'

type Functions = Handlers & {
  readonly publish: PublishHandler
  readonly 'declare-topology': DeclareTopologyHandler
}

const require = createRequire(import.meta.url)

/** Loads a bundle as a new environment of Lambda does: with the variables that the template gives it, and no other of ours. */
const load = (name: FunctionName, changes: Readonly<Record<string, string>>): unknown => {
  const given = environmentOf(template, functionOf(template, name))
  for (const [variable, value] of Object.entries(given)) vi.stubEnv(variable, changes[variable] ?? value)
  for (const { path } of bundles[name].files) delete require.cache[path]
  const { handler } = require(join(bundles[name].folder, 'index.js'))
  for (const variable of Object.keys(given)) vi.stubEnv(variable, undefined)
  return handler
}

/** Secrets Manager, which knows one secret. */
const startSecretsManager = async (secret: object): Promise<string> => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify({ SecretString: JSON.stringify(secret) }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An issuer, and who has a token of it. */
const startIssuer = async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const { issuer, answer, stop } = await startJwksServer()
  onTestFinished(stop)
  answer(await keySet({ one: publicKey }))
  const tokenOf = (userId: string) =>
    new SignJWT({ rooms: ['*'] })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(issuer)
      .setAudience('chat')
      .setSubject(userId)
      .setExpirationTime('1h')
      .sign(privateKey)
  return { issuer, tokenOf }
}

/** Reads the lanes that the bundle has declared, as Lambda's event source does. */
const readLanes = (url: string, prefix: string) => {
  const topology = describeTopology({ lanes: 4, bulkLanes: 2, prefix })
  const telemetry = makeTelemetry()
  const connection = makeBrokerConnection({ url, telemetry })
  onTestFinished(async () => {
    await connection.close()
    const inspector = await connect(url)
    await deleteTopology(await inspector.createChannel(), topology)
    await inspector.close()
  })
  return { consumer: makeLaneConsumer({ connection, topology, telemetry }), counts: topology.laneCounts }
}

/** The bundles behind the gateway, which stands for API Gateway and the event source; AWS's other services are stood in for. */
const deploy = async (brokerUrl: string) => {
  const { username, password, host } = new URL(brokerUrl)
  const port = await freePort()
  const { names: tables } = await makeTestTables()
  const [{ issuer, tokenOf }, api] = [await startIssuer(), await startLambdaApi()]
  const aws = {
    AWS_REGION: region,
    POWERTOOLS_METRICS_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ENDPOINT_URL_DYNAMODB: inject('dynalite'),
    AWS_ENDPOINT_URL_LAMBDA: api.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: await startSecretsManager({ username, password }),
  }
  for (const [name, value] of Object.entries(aws)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  // What CloudFormation would put in.
  const prefix = `test-${randomUUID()}`
  const changes = {
    MESSAGES_TABLE: tables.messages,
    CONNECTIONS_TABLE: tables.connections,
    RABBITMQ_URL: `amqp://${host}`,
    QUEUE_PREFIX: prefix,
    AUTH_ISSUER: issuer,
    LOG_LEVEL: 'error',
    PUBLISH_FUNCTION: 'publish',
  }
  const loaded = functionNames.map((name) => [name, load(name, changes)] as const)
  const functions = Object.fromEntries(loaded) as unknown as Functions
  api.deploy('publish', (event: Parameters<PublishHandler>[0]) => functions.publish(event, invocation))
  await functions['declare-topology']({ RequestType: 'Create' }, invocation)
  const gateway = await startGateway({
    port,
    stage: 'live',
    pickHandlers: () => functions,
    telemetry: makeTelemetry(),
    credentials,
    region,
    lanes: readLanes(brokerUrl, prefix),
  })
  onTestFinished(() => gateway.close())
  return { gateway, api, tokenOf }
}

describe.runIf(rabbitMq !== null)('the bundles, with the environment of the template', () => {
  it('pass the smoke test in the gateway', async () => {
    const { gateway, tokenOf } = await deploy(rabbitMq ?? '')
    const lines: string[] = []
    const tell = (line: string) => void lines.push(line)
    const identification = { kind: 'tokens', tokens: [await tokenOf('ada'), await tokenOf('bob')] } as const
    const url = `${gateway.url.replace('http', 'ws')}/live`
    const options = { url, roomId: 'general', identification, messages: 10, timeoutMs: 30_000 }
    expect(await runSmoke(options, { tell, complain: tell }), lines.join('\n')).toBe(true)
  }, 60_000)

  it('refuse who has no token, and hand what is put off to the function that can publish', async () => {
    const { gateway, api, tokenOf } = await deploy(rabbitMq ?? '')
    expect((await refusalOf(`${gateway.url}/live?roomId=general`)).status).toBe(401)
    const ada = await connectPlain(`${gateway.url}/live?roomId=general&token=${await tokenOf('ada')}`)
    gateway.faults.set({ throttledPosts: 1 })
    await ada.request({ action: 'sendMessage', roomId: 'general', content: 'later' })
    await eventually(() => api.requests.length > 0, 'the retry to be published', 20_000)
    gateway.faults.set({ throttledPosts: 0 })
    await ada.untilPushed('general', 1)
    expect(api.requests[0]).toBe('POST /2015-03-31/functions/publish/invocations')
  }, 60_000)
})
