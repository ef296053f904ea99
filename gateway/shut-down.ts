import type { Server } from 'node:http'
import type { Telemetry } from '../core/ports.ts'
import { closeCodes } from '../protocol/codes.ts'
import type { DisconnectFrame } from '../protocol/server-frames.ts'
import type { InHand } from './lambda/in-flight.ts'
import { tooLate, within } from './lambda/in-flight.ts'
import type { LanePoller } from './lambda/lane-poller.ts'
import type { GatewayLimits } from './settings/limits.ts'
import type { Connections } from './sockets/connections.ts'
import type { Disconnects } from './sockets/disconnects.ts'

type Deps = {
  readonly server: Server
  readonly connections: Connections
  readonly disconnects: Disconnects
  readonly invocations: InHand
  readonly poller: LanePoller | undefined
  readonly stopWatching: () => void
  readonly limits: GatewayLimits
  readonly telemetry: Telemetry
}

/** How long each step may take, in ms. */
export type Patience = { readonly inHandMs: number; readonly closeMs: number; readonly disconnectsMs: number }

const going: DisconnectFrame = {
  type: 'disconnect',
  code: closeCodes.goingAway,
  reason: 'going away',
  reconnect: true,
}
const goingAwayFrame = Buffer.from(JSON.stringify(going))
const closing = { code: 1001, reason: 'Going away' }

/**
 * Ends the gateway in order; by now it takes no more upgrades and no more frames. Batches and invocations in hand
 * finish first, so that nobody who was promised a reply misses it; then clients are told to come back, elsewhere.
 */
export const shutDown = async (deps: Deps, { inHandMs, closeMs, disconnectsMs }: Patience): Promise<void> => {
  const { connections, disconnects, invocations, poller, telemetry } = deps
  const startedAt = performance.now()
  if (poller) await stopPoller(poller, inHandMs, telemetry)
  if (!(await invocations.settled(inHandMs - (performance.now() - startedAt)))) {
    telemetry.warn('Invocations did not finish in time', { invocations: invocations.count() })
  }

  const open = [...connections.all()].filter((connection) => connection.isOpen())
  for (const connection of open) {
    connection.send(goingAwayFrame)
    connection.close(closing)
  }
  if (!(await connections.sockets.settled(closeMs))) {
    for (const connection of open) connection.cutOff(closing)
    // A destroyed socket says so in a later tick.
    await connections.sockets.settled(100)
  }

  if (!(await disconnects.settled(disconnectsMs))) {
    telemetry.warn('Some $disconnect did not finish in time', { disconnects: disconnects.pending() })
  }
  await endServer(deps)
}

/** What a power cut does: nobody is told anything. */
export const kill = async (deps: Deps): Promise<void> => {
  deps.disconnects.abandon()
  for (const connection of [...deps.connections.all()]) {
    connection.cutOff({ code: 1006, reason: 'Connection closed abnormally' })
  }
  await Promise.all([endServer(deps), deps.poller && stopPoller(deps.poller, 500, deps.telemetry)])
}

/** A broker that is out of reach must not keep the clients from being told. */
const stopPoller = async (poller: LanePoller, withinMs: number, telemetry: Telemetry): Promise<void> => {
  try {
    if ((await within(poller.stop(), withinMs)) === tooLate) {
      telemetry.warn('A batch did not finish in time; it comes again elsewhere')
    }
  } catch (error) {
    telemetry.error('The lanes were not released in order', error)
  }
}

const endServer = async ({ server, stopWatching }: Deps): Promise<void> => {
  stopWatching()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  if ((await within(closed, 500)) === tooLate) server.closeAllConnections()
}
