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
import { makeInFlight } from './lambda/in-flight.ts'
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

/** Options of `startGateway`. */
export type GatewayOptions = {
  /** Port to listen on; 0 chooses a free one. */
  readonly port: number
  /** Address to listen on. Default: 127.0.0.1, reachable from this machine only. */
  readonly host?: string
  /** Host and port in events, at which other nodes reach this one. Default: the address it listens on. */
  readonly domainName?: string
  /** Stage in events and paths. Default: `local`. */
  readonly stage?: string
  /** Picks the set of handlers for each invocation. */
  readonly pickHandlers: PickHandlers
  readonly telemetry: Telemetry
  /** Keys that requests to /@connections must be signed with. */
  readonly credentials: Credentials
  /** Region in signatures and ARNs. Default: us-east-1. */
  readonly region?: string
  /** Route table. Default: the deployed one. */
  readonly routes?: RouteTable
  /** Quotas; must be the ones that `connections` were created with. Default: API Gateway's. */
  readonly limits?: GatewayLimits
  readonly faults?: Faults
  /** Connections that a poster in this process shares. Default: a new table. */
  readonly connections?: Connections
  /** Origins from which a browser may connect. Default: null (any), as in API Gateway. */
  readonly allowedOrigins?: AllowedOrigins
  /** Folder of the page at `/`. Default: no page. */
  readonly staticFolder?: string
  /** Checks of dependencies for /health. */
  readonly checks?: () => Promise<readonly Check[]>
  /** Lanes to poll. Without them, this process delivers nothing. */
  readonly lanes?: {
    readonly consumer: LaneConsumer
    readonly counts: LaneCounts
    readonly batchSize?: number
  }
  readonly clock?: Clock
}

/** A running gateway. */
export type Gateway = {
  readonly port: number
  /** Address for clients on this machine: `http://HOST:PORT`. */
  readonly url: string
  readonly stage: string
  readonly connections: Connections
  readonly faults: Faults
  /**
   * Shuts down gracefully. It refuses upgrades, answers 503 on /health and finishes work in flight. Then it asks clients
   * to reconnect, closes with 1001, and runs $disconnect for each connection.
   *
   * @param withinMs approximate time limit, even if clients do not answer. Default: 20,000
   */
  readonly drain: (withinMs?: number) => Promise<void>
  /** Shuts down gracefully within about a second. For tests. */
  readonly close: () => Promise<void>
  /** Ends as a power cut would: without frames and without $disconnect. */
  readonly kill: () => Promise<void>
}

/**
 * Starts an API Gateway look-alike that invokes the given handlers. It has WebSocket routes, authorizer, @connections,
 * the HTTP route, and Lambda's event source for the lanes.
 *
 * @throws StartError if it cannot listen on the port, and the error of a failed subscription to a lane
 */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const { stage = 'local', limits = apiGatewayLimits, faults = makeFaults(), telemetry } = options
  const { connections = makeConnections({ limits, faults, clock: options.clock ?? Date.now }) } = options
  const server = createServer({ keepAliveTimeout: 65_000 })
  const { url, port, address } = await listen(server, options.port, options.host ?? '127.0.0.1')
  const parts = wireServer({ ...options, stage, limits, faults, connections }, server, address)
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
  telemetry.info('The gateway is listening', { url, stage })
  return {
    port,
    url,
    stage,
    connections,
    faults,
    drain: (withinMs = 20_000) => end(() => shutDown(deps, shares(withinMs, limits.closeTimeoutMs))),
    close: () => end(() => shutDown(deps, { inFlightMs: 100, closeMs: 100, disconnectsMs: 500 })),
    kill: () => end(() => kill(deps)),
  }
}

const shares = (ms: number, closeTimeoutMs: number) => ({
  inFlightMs: ms * 0.4,
  closeMs: Math.min(ms * 0.25, closeTimeoutMs),
  disconnectsMs: ms * 0.35,
})

type WiredOptions = GatewayOptions & {
  readonly stage: string
  readonly limits: GatewayLimits
  readonly faults: Faults
  readonly connections: Connections
}

/** Wires the server from the inside out. */
const wireServer = (options: WiredOptions, server: Server, address: string) => {
  const { stage, limits, faults, connections, telemetry, pickHandlers } = options
  const { clock = Date.now, allowedOrigins = null, region = 'us-east-1', routes = defaultRoutes } = options
  let isAccepting = true
  const accepting = () => isAccepting
  const invocations = makeInFlight()
  const invoke = makeInvoke({ pickHandlers, timeoutMs: limits.integrationTimeoutMs, inFlight: invocations })
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

  // For example too many open files: only the affected clients may notice.
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
    throw new StartError(`The gateway cannot listen on ${host}:${port}: ${advice(error)}`, error)
  }
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('The gateway listens on no port')
  // Clients cannot connect to 0.0.0.0.
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
