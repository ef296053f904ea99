import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { LaneCounts } from '../core/domain/lanes.ts'
import type { Clock, LaneConsumer, Telemetry } from '../core/ports.ts'
import { routes as defaultRoutes } from '../lambdas/routes.ts'
import { type Check, makeHealth } from './http/health.ts'
import { makeHttp } from './http/http.ts'
import { makeManagementApi } from './http/management-api.ts'
import { type Credentials, makeSignatureCheck } from './http/signature.ts'
import { makeStaticFiles } from './http/static-files.ts'
import type { PickHandlers } from './lambda/handlers.ts'
import { makeInHand } from './lambda/in-flight.ts'
import { makeInvoke } from './lambda/invoke.ts'
import { startLanePoller } from './lambda/lane-poller.ts'
import type { RouteTable } from './lambda/routing.ts'
import { type Faults, makeFaults } from './settings/faults.ts'
import { apiGatewayLimits, type GatewayLimits } from './settings/limits.ts'
import { StartError } from './settings/start-error.ts'
import { kill, shutDown } from './shut-down.ts'
import { type Connections, makeConnections } from './sockets/connections.ts'
import { makeDisconnects } from './sockets/disconnects.ts'
import { makeEvents } from './sockets/events.ts'
import { makeServe } from './sockets/frames.ts'
import type { AllowedOrigins } from './sockets/handshake.ts'
import { watchLifetimes } from './sockets/lifetimes.ts'
import { makeUpgrade } from './sockets/upgrade.ts'

export type GatewayOptions = {
  /** 0 for any free one. */
  readonly port: number
  /** Address to listen on. Default: 127.0.0.1, this machine only. */
  readonly host?: string
  /** Host and port that events carry and that other nodes can reach. Default: the address listened on. */
  readonly domainName?: string
  /** Default: `local`. */
  readonly stage?: string
  readonly pickHandlers: PickHandlers
  readonly telemetry: Telemetry
  /** Who may use /@connections. */
  readonly credentials: Credentials
  /** Part of what is signed. Default: us-east-1. */
  readonly region?: string
  /** Default: the deployed route table. */
  readonly routes?: RouteTable
  /** Default: API Gateway's. To be the same that `connections` were made with. */
  readonly limits?: GatewayLimits
  readonly faults?: Faults
  /** Made before, for whoever posts without a request; default: a table of its own. */
  readonly connections?: Connections
  /** Origins from which a browser may connect. Default: null, any, as in API Gateway. */
  readonly allowedOrigins?: AllowedOrigins
  /** Folder of the page at `/`; without it there is none. */
  readonly staticFolder?: string
  /** What /health asks beside the gateway itself. */
  readonly checks?: () => Promise<readonly Check[]>
  /** The lanes to poll; without it this process delivers nothing. */
  readonly lanes?: {
    readonly consumer: LaneConsumer
    readonly counts: LaneCounts
    readonly batchSize?: number
  }
  readonly clock?: Clock
}

export type Gateway = {
  readonly port: number
  /** `http://HOST:PORT`, as clients on this machine reach it. */
  readonly url: string
  readonly stage: string
  readonly connections: Connections
  readonly faults: Faults
  /**
   * Goes away in order: no upgrades, /health 503, what is in hand is finished, clients are told and closed with
   * 1001, $disconnect runs for each.
   *
   * @param withinMs about the most that it takes, whoever does not answer. Default: 20,000
   */
  readonly drain: (withinMs?: number) => Promise<void>
  /** The same without patience: for tests, a second at the worst. */
  readonly close: () => Promise<void>
  /** Ends as a power cut would: no frame, no $disconnect. */
  readonly kill: () => Promise<void>
}

/**
 * Starts an API Gateway look-alike: WebSocket routes, authorizer, @connections, the HTTP route, and Lambda's
 * event source for the lanes, all of which invoke the given handlers.
 *
 * @throws StartError that names the port if it can't be listened on, and whatever subscribing to a lane throws
 */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const { stage = 'local', limits = apiGatewayLimits, faults = makeFaults(), telemetry } = options
  const { connections = makeConnections({ limits, faults, clock: options.clock ?? Date.now }) } = options
  const server = createServer({ keepAliveTimeout: 65_000 })
  const { url, port, address } = await listen(server, options.port, options.host ?? '127.0.0.1')
  const parts = assemble({ ...options, stage, limits, faults, connections }, server, address)
  const poller = await startPoller(options, parts.deliver).catch(async (error: unknown) => {
    await kill({ ...parts, poller: undefined })
    throw error
  })

  let ending: Promise<void> | undefined
  const end = (how: () => Promise<void>) => {
    parts.stopAccepting()
    ending ??= how()
    return ending
  }
  const deps = { ...parts, poller }
  telemetry.info('The gateway listens', { url, stage })
  return {
    port,
    url,
    stage,
    connections,
    faults,
    drain: (withinMs = 20_000) => end(() => shutDown(deps, shares(withinMs, limits.closeTimeoutMs))),
    close: () => end(() => shutDown(deps, { inHandMs: 100, closeMs: 100, disconnectsMs: 500 })),
    kill: () => end(() => kill(deps)),
  }
}

const shares = (ms: number, closeTimeoutMs: number) => ({
  inHandMs: ms * 0.4,
  closeMs: Math.min(ms * 0.25, closeTimeoutMs),
  disconnectsMs: ms * 0.35,
})

type Assembled = GatewayOptions & {
  readonly stage: string
  readonly limits: GatewayLimits
  readonly faults: Faults
  readonly connections: Connections
}

/** The wiring, from the inside out. */
const assemble = (options: Assembled, server: Server, address: string) => {
  const { stage, limits, faults, connections, telemetry, pickHandlers } = options
  const { clock = Date.now, allowedOrigins = null, region = 'us-east-1', routes = defaultRoutes } = options
  let isAccepting = true
  const accepting = () => isAccepting
  const invocations = makeInHand()
  const invoke = makeInvoke({ pickHandlers, timeoutMs: limits.integrationTimeoutMs, inHand: invocations })
  const events = makeEvents({ domainName: options.domainName ?? address, stage, region, clock })
  const disconnects = makeDisconnects({ invoke, events, faults, telemetry, atOnce: limits.disconnectsAtOnce })
  const shared = { invoke, events, connections, disconnects, faults, limits, telemetry, clock, accepting }
  const upgrade = makeUpgrade({ ...shared, allowedOrigins, serve: makeServe({ ...shared, routes }) })
  const health = makeHealth({
    checks: options.checks,
    draining: () => !isAccepting,
    connections: connections.size,
    invocations: invocations.count,
    telemetry,
  })
  const checkSignature = makeSignatureCheck({ credentials: options.credentials, region, clock })
  const manage = makeManagementApi({ connections, checkSignature, postBytes: limits.postBytes })
  const serveFile = options.staticFolder ? makeStaticFiles(options.staticFolder) : async () => false
  const http = makeHttp({ ...shared, stage, health, allowedOrigins, manage, serveFile })

  // Such as too many open files: the clients it concerns see it, the others must not.
  server.on('error', (error) => telemetry.error('The HTTP server failed', error))
  server.on('upgrade', (request, socket, head) => void upgrade(request, socket, head))
  server.on('request', (request, response) => void http(request, response))
  const stopWatching = watchLifetimes({ connections, limits, clock })
  const deliver = (event: Parameters<ReturnType<PickHandlers>['deliver']>[0]) =>
    invoke((handlers, context) => handlers.deliver(event, context), limits.deliverTimeoutMs)
  const stopAccepting = () => {
    isAccepting = false
  }
  return {
    server,
    connections,
    disconnects,
    invocations,
    stopWatching,
    limits,
    telemetry,
    deliver,
    stopAccepting,
  }
}

const startPoller = async (
  { lanes, clock = Date.now }: GatewayOptions,
  deliver: Parameters<typeof startLanePoller>[0]['deliver'],
) => (lanes ? startLanePoller({ ...lanes, deliver, clock }) : undefined)

const listen = async (server: Server, port: number, host: string) => {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new StartError(`The gateway can't listen on ${host}:${port}: ${advice(error)}`, error)
  }
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('The gateway listens on no port')
  // 0.0.0.0 is no address to connect to.
  const reachable = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host
  const address = `${reachable.includes(':') ? `[${reachable}]` : reachable}:${bound.port}`
  return { url: `http://${address}`, port: bound.port, address }
}

const advice = (error: unknown): string => {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'EADDRINUSE':
      return 'the port is in use. End the process that holds it, or choose another port.'
    case 'EACCES':
      return 'this user may not use that port. Choose one above 1023.'
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address.'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}
