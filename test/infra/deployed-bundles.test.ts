import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { generateKeyPair, SignJWT } from 'jose'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../../adapters/rabbitmq/lane-consumer.ts'
import { describeTopology, type Topology } from '../../adapters/rabbitmq/topology.ts'
import { runSmoke } from '../../cli/smoke/run-smoke.ts'
import { encodeJob } from '../../core/domain/job.ts'
import { laneOf } from '../../core/domain/lanes.ts'
import type { Handlers } from '../../gateway/lambda/handlers.ts'
import { startGateway } from '../../gateway/server.ts'
import type {
  DeadLettersHandler,
  DeclareTopologyEvent,
  DeclareTopologyHandler,
  PublishHandler,
} from '../../lambdas/aws/events.ts'
import { type FunctionName, functionNames } from '../../lambdas/routes.ts'
import { makeTelemetry } from '../memory/telemetry.ts'
import { eventually } from '../support/eventually.ts'
import { refusalOf } from '../support/gateway/gateway-client.ts'
import { invocation } from '../support/gateway/lambda-events.ts'
import { entriesJob } from '../support/lanes/lane-jobs.ts'
import { spawnDeadLetters } from '../support/processes/dead-letters-process.ts'
import { needs } from '../support/requirements.ts'
import { keySet, startJwksServer } from '../support/servers/jwks-server.ts'
import { startLambdaApi } from '../support/servers/lambda-api.ts'
import { freePort } from '../support/servers/rabbitmq-server.ts'
import { removeTopology } from '../support/servers/remove-topology.ts'
import { makeTestTables } from '../support/servers/test-tables.ts'
import { connectPlain } from '../support/sockets/plain-client.ts'
import { environmentOf, functionOf } from './synthesis/template.ts'

const rabbitMq = inject('rabbitMq')
const { template } = inject('small')
const bundles = inject('bundles')
const credentials = { accessKeyId: 'test', secretAccessKey: 'secret' }
const region = 'eu-central-1'

type Functions = Handlers & {
  readonly publish: PublishHandler
  readonly 'declare-topology': DeclareTopologyHandler
  readonly 'dead-letters': DeadLettersHandler
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
    await removeTopology(url, topology)
  })
  return { consumer: makeLaneConsumer({ connection, topology, telemetry }), counts: topology.laneCounts }
}

/** Stands in for AWS's services, and says what CloudFormation would put into the environment of the functions. */
const prepare = async (brokerUrl: string) => {
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
  return { port, prefix, changes, aws, api, tokenOf }
}

/** The bundles behind the gateway, which stands for API Gateway and the event source. */
const deploy = async (brokerUrl: string) => {
  const { port, prefix, changes, aws, api, tokenOf } = await prepare(brokerUrl)
  const loaded = functionNames.map((name) => [name, load(name, changes)] as const)
  const functions = Object.fromEntries(loaded) as unknown as Functions
  api.deploy('publish', (event: Parameters<PublishHandler>[0]) => functions.publish(event, invocation))
  api.deploy('dead-letters', (event: Parameters<DeadLettersHandler>[0]) =>
    functions['dead-letters'](event, invocation),
  )
  const { jobsExchange: Jobs } = describeTopology({ lanes: 4, bulkLanes: 2, prefix })
  await functions['declare-topology']({ RequestType: 'Create', ResourceProperties: { Jobs } }, invocation)
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
  return { gateway, functions, aws, api, tokenOf }
}

describe('the bundles, with the environment of the template', needs('RabbitMQ', rabbitMq !== null), () => {
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

  it('let an operator list and replay dead letters by a function, where nobody else reaches the broker', async () => {
    const { gateway, functions, aws, tokenOf } = await deploy(rabbitMq ?? '')
    const ada = await connectPlain(`${gateway.url}/live?roomId=general&token=${await tokenOf('ada')}`)
    const ack = await ada.request({ action: 'sendMessage', roomId: 'general', content: 'hello' })
    if (ack.type !== 'ack') throw new Error(JSON.stringify(ack))
    const body = encodeJob(entriesJob('general', 2, { epoch: ack.epoch }))
    await functions.publish({ requests: [{ kind: 'dead-letter', body, reason: 'tried' }] }, invocation)

    const { AWS_ENDPOINT_URL_LAMBDA, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = aws
    const ofOperator = { AWS_ENDPOINT_URL_LAMBDA, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }
    const env = { ...ofOperator, DEAD_LETTERS_FUNCTION: 'dead-letters', RABBITMQ_URL: '' }
    const operate = (...args: string[]) => spawnDeadLetters(args, env).ended
    const listed = await operate('list', '--json')
    expect(listed).toMatchObject({ code: 0, errors: '' })
    const [{ id }] = JSON.parse(listed.output)
    expect(await operate('replay', id)).toMatchObject({
      code: 0,
      output: `Replayed ${id} (general 2)\nReplayed 1 of 1.\n`,
    })
    expect(await operate('show', id)).toMatchObject({ code: 1, errors: `There is no dead letter ${id}.\n` })
    await ada.untilPushed('general', 2)
  }, 60_000)

  it('move what is left in lanes when there are to be others', async () => {
    const { changes, prefix } = await prepare(rabbitMq ?? '')
    const [one, three] = [1, 3].map((lanes) => describeTopology({ lanes, bulkLanes: 2, prefix }))
    if (!one || !three) throw new Error('There are two')
    /** As CloudFormation asks the function of a deployment. */
    const ask = async (topology: Topology, event: Omit<DeclareTopologyEvent, 'ResourceProperties'>) => {
      const LANES = String(topology.laneCounts.lanes)
      const handler = load('declare-topology', { ...changes, LANES }) as DeclareTopologyHandler
      const ResourceProperties = { Jobs: topology.jobsExchange }
      return (await handler({ ...event, ResourceProperties }, invocation)).PhysicalResourceId
    }
    const inspector = await connect(rabbitMq ?? '')
    const channel = await inspector.createConfirmChannel()
    onTestFinished(async () => {
      await inspector.close()
      for (const topology of [one, three]) await removeTopology(rabbitMq ?? '', topology)
    })
    const before = await ask(one, { RequestType: 'Create' })
    channel.publish(before, 'lane.0', Buffer.from(encodeJob(entriesJob('general', 1))))
    await channel.waitForConfirms()
    const after = await ask(three, { RequestType: 'Update', PhysicalResourceId: before })
    expect(after).not.toBe(before)
    await ask(three, { RequestType: 'Delete', PhysicalResourceId: before })
    const lane = laneOf('general', { lanes: 3, bulkLanes: 2 })
    expect((await channel.checkQueue(three.laneQueue(lane))).messageCount).toBe(1)
  }, 60_000)
})
