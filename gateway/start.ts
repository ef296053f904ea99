import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { makeFramePoster } from '../adapters/apigateway/frame-poster.ts'
import { makeRoomDirectory } from '../adapters/dynamodb/directory/room-directory.ts'
import { makeMessageLog } from '../adapters/dynamodb/log/message-log.ts'
import { makeTokenVerifier } from '../adapters/jose/token-verifier.ts'
import type { AuthSettings } from '../adapters/settings/auth.ts'
import { systemClock } from '../adapters/system/clock.ts'
import { makeIdSource } from '../adapters/system/id-source.ts'
import { makeTelemetry } from '../adapters/telemetry/console.ts'
import type { Clock } from '../core/ports.ts'
import {
  type Authenticate,
  makeOpenAuthentication,
  makeTokenAuthentication,
} from '../lambdas/aws/authenticate.ts'
import { type Broker, openBroker } from './backends/broker.ts'
import { openStore, type Store } from './backends/store.ts'
import { makeHandlers, takeTurns } from './lambda/handlers.ts'
import { type Gateway, startGateway } from './server.ts'
import type { GatewayConfig, Place } from './settings/config.ts'
import { makeFaults } from './settings/faults.ts'
import { apiGatewayLimits, type GatewayLimits } from './settings/limits.ts'
import { makeConnections } from './sockets/connections.ts'
import { makeLocalPoster } from './sockets/local-poster.ts'

/** Options for tests, beside the settings. */
export type StartOptions = {
  /** Number of independent sets of handlers, each with its own log, directory and publisher. Default: 1. */
  readonly instances?: number
  /** True writes to this process's connections directly; false goes through /@connections as on AWS. Default: true. */
  readonly directPosts?: boolean
  /** Clock of the handlers. */
  readonly clock?: Clock
  /** Maximum number of messages in one put; a Lambda has 1. Default: the message log's own. */
  readonly maxRunEntries?: number
}

const stage = 'local'

/**
 * Starts the chat with its store and lanes, and leaves nothing running if it fails.
 *
 * @throws StartError with one line that says what to do
 */
export const startChat = async (config: GatewayConfig, options: StartOptions = {}): Promise<Gateway> => {
  const telemetry = makeTelemetry({ level: config.logLevel })
  const newId = makeIdSource({ clock: systemClock })
  telemetry.info('Starting', { store: placeName(config.store), broker: placeName(config.broker) })
  if (config.store.kind === 'embedded' && config.broker.kind === 'remote') {
    telemetry.info(
      'RabbitMQ with the embedded store serves one gateway only: use a QUEUE_PREFIX that no other gateway has',
      {
        queuePrefix: config.queuePrefix,
      },
    )
  }
  const store = await openStore(config, telemetry)
  const closeAll = [store.stop]
  const closing = async () => {
    for (const close of closeAll.toReversed()) await close()
  }
  try {
    const broker = await openBroker(config, { telemetry, newId })
    closeAll.push(broker.stop)
    const gateway = await wireGateway(config, options, { store, broker, telemetry, newId })
    const thenCloseAll = async (ending: Promise<void>) => {
      try {
        await ending
      } finally {
        await closing()
      }
    }
    return {
      ...gateway,
      drain: (withinMs = config.drainMs) => thenCloseAll(gateway.drain(withinMs)),
      close: () => thenCloseAll(gateway.close()),
      kill: () => thenCloseAll(gateway.kill()),
    }
  } catch (error) {
    await closing()
    throw error
  }
}

/** Names a place without the secrets that its address may contain. */
const placeName = (place: Place): string => (place.kind === 'embedded' ? 'embedded' : new URL(place.url).host)

type Parts = {
  readonly store: Store
  readonly broker: Broker
  readonly telemetry: ReturnType<typeof makeTelemetry>
  readonly newId: ReturnType<typeof makeIdSource>
}

const wireGateway = async (config: GatewayConfig, options: StartOptions, parts: Parts): Promise<Gateway> => {
  const { broker, telemetry } = parts
  const limits = gatewayLimitsOf(config)
  const faults = makeFaults(config.faults)
  const connections = makeConnections({ limits, faults })
  const credentials = config.managementCredentials ?? madeUpCredentials()
  const managementEndpoint = ({ domainName }: { readonly domainName: string }) =>
    config.managementEndpoint ?? `http://${domainName}/${stage}`
  let ownEndpoint = ''
  const remote = makeFramePoster({ telemetry, credentials, region })
  const direct = makeLocalPoster({ connections, endpoint: () => ownEndpoint, remote })
  const poster = options.directPosts === false ? remote : direct
  const makeInstance = () =>
    makeHandlers({ ...instanceOf(config, parts, options), poster, managementEndpoint })
  const others = Array.from({ length: (options.instances ?? 1) - 1 }, makeInstance)
  const gateway = await startGateway({
    port: config.port,
    host: config.host,
    stage,
    pickHandlers: takeTurns([makeInstance(), ...others]),
    telemetry,
    credentials,
    region,
    limits,
    faults,
    connections,
    allowedOrigins: config.allowedOrigins,
    staticFolder: fileURLToPath(new URL('../dist/web', import.meta.url)),
    checks: async () => {
      const [storeProblem, brokerProblem] = await Promise.all([parts.store.problem(), broker.problem()])
      return [
        { name: 'store', problem: storeProblem },
        { name: 'broker', problem: brokerProblem },
      ]
    },
    lanes: { consumer: broker.consumer, counts: config.laneCounts },
  })
  ownEndpoint = managementEndpoint({ domainName: new URL(gateway.url).host })
  return gateway
}

const gatewayLimitsOf = (config: GatewayConfig): GatewayLimits => ({
  ...apiGatewayLimits,
  messageBytes: config.limits.clientFrameBytes,
  maxAgeMs: config.maxAgeMs,
  idleMs: config.idleMs,
  // Rates protect a shared AWS account; a process of one's own is bounded by its machine.
  connectionsPerSecond: null,
  requestsPerSecond: null,
})

/** Creates the log, directory and publisher of one set of handlers. */
const instanceOf = (
  config: GatewayConfig,
  { store, broker, telemetry, newId }: Parts,
  { clock = systemClock, maxRunEntries }: StartOptions,
) => {
  const { tableNames, limits, largeRoomMembers, retentionMs } = config
  const { client } = store
  return {
    log: makeMessageLog({
      client,
      tableName: tableNames.messages,
      clock,
      newId,
      limits,
      ...(retentionMs !== undefined && { retentionMs }),
      ...(maxRunEntries !== undefined && { maxRunEntries }),
    }),
    directory: makeRoomDirectory({ client, tableName: tableNames.connections, clock }),
    publisher: broker.makePublisher(),
    authenticate: authenticationOf(config.auth),
    clock,
    newId,
    telemetry,
    limits,
    largeRoomMembers,
    maxAgeSeconds: config.maxAgeMs === null ? null : config.maxAgeMs / 1000,
  }
}

/** Region in signatures; a gateway has only this one. */
const region = 'us-east-1'

/** Creates random keys that only this process knows. */
const madeUpCredentials = () => ({
  accessKeyId: `GATEWAY${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(32).toString('base64'),
})

const authenticationOf = (auth: AuthSettings): Authenticate => {
  if (auth.mode === 'open') return makeOpenAuthentication()
  return makeTokenAuthentication(makeTokenVerifier({ ...auth, clock: systemClock }))
}
