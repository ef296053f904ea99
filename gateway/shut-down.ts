import type { Server } from 'node:http'
import type { Telemetry } from '../core/ports.ts'
import { closeCodes } from '../protocol/codes.ts'
import type { DisconnectFrame } from '../protocol/server-frames.ts'
import type { InFlight } from './lambda/in-flight.ts'
import { tooLate, within } from './lambda/in-flight.ts'
import type { LanePoller } from './lambda/lane-poller.ts'
import type { GatewayLimits } from './settings/limits.ts'
import type { Connections } from './sockets/connections.ts'
import type { Disconnects } from './sockets/disconnects.ts'

type Deps = {
  readonly server: Server
  readonly connections: Connections
  readonly disconnects: Disconnects
  readonly invocations: InFlight
  readonly poller: LanePoller | undefined
  readonly stopWatching: () => void
  readonly limits: GatewayLimits
  readonly telemetry: Telemetry
}

/** Time limits of the steps of a shutdown, in ms. */
export type Patience = {
  readonly inFlightMs: number
  readonly closeMs: number
  readonly disconnectsMs: number
}

const going: DisconnectFrame = {
  type: 'disconnect',
  code: closeCodes.goingAway,
  reason: 'going away',
  reconnect: true,
}
const goingAwayFrame = Buffer.from(JSON.stringify(going))
const closing = { code: 1001, reason: 'Going away' }

/**
 * Drains the gateway, which accepts no more upgrades and frames by now. Batches and invocations in flight finish
 * first, so that no promised reply is lost. Then every client gets a `disconnect` frame that asks it to reconnect.
 */
export const shutDown = async (
  deps: Deps,
  { inFlightMs, closeMs, disconnectsMs }: Patience,
): Promise<void> => {
  const { connections, disconnects, invocations, poller, telemetry } = deps
  const startedAt = performance.now()
  if (poller) await stopPoller(poller, inFlightMs, telemetry)
  if (!(await invocations.settled(inFlightMs - (performance.now() - startedAt)))) {
    telemetry.warn('Invocations did not finish in time', { invocations: invocations.count() })
  }

  const open = [...connections.all()].filter((connection) => connection.isOpen())
  for (const connection of open) {
    connection.send(goingAwayFrame)
    connection.close(closing)
  }
  if (!(await connections.sockets.settled(closeMs))) {
    for (const connection of open) connection.cutOff(closing)
    // A destroyed socket emits 'close' in a later tick.
    await connections.sockets.settled(100)
  }

  if (!(await disconnects.settled(disconnectsMs))) {
    telemetry.warn('Some $disconnect did not finish in time', { disconnects: disconnects.pending() })
  }
  await endServer(deps)
}

/** Ends the gateway as a power cut would: clients get no frame. */
export const kill = async (deps: Deps): Promise<void> => {
  deps.disconnects.abandon()
  for (const connection of [...deps.connections.all()]) {
    connection.cutOff({ code: 1006, reason: 'Connection closed abnormally' })
  }
  await Promise.all([endServer(deps), deps.poller && stopPoller(deps.poller, 500, deps.telemetry)])
}

/** Stops the poller within a time limit, so that an unreachable broker does not delay the clients' notice. */
const stopPoller = async (poller: LanePoller, withinMs: number, telemetry: Telemetry): Promise<void> => {
  try {
    if ((await within(poller.stop(), withinMs)) === tooLate) {
      telemetry.warn('A batch did not finish in time; another consumer will deliver it again')
    }
  } catch (error) {
    telemetry.error(
      'The lanes could not be released; the broker releases them when the connection ends',
      error,
    )
  }
}

const endServer = async ({ server, stopWatching }: Deps): Promise<void> => {
  stopWatching()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  if ((await within(closed, 500)) === tooLate) server.closeAllConnections()
}
