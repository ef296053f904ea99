import type { Clock } from '../../core/ports.ts'
import type { GatewayLimits } from '../settings/limits.ts'
import type { GatewayConnection } from './connection.ts'
import type { Connections } from './connections.ts'

type Deps = { readonly connections: Connections; readonly limits: GatewayLimits; readonly clock: Clock }

/**
 * Closes connections that are too old, idle, or whose peer no longer answers. One timer serves all connections: a
 * timer for each, restarted at each frame, would cost more.
 *
 * @returns a function that stops the timer
 */
export const watchLifetimes = ({ connections, limits, clock }: Deps): (() => void) => {
  const timer = setInterval(() => {
    const nowMs = clock()
    for (const connection of connections.all()) {
      if (connection.isOpen()) look(connection, limits, nowMs)
    }
  }, limits.sweepIntervalMs)
  return () => clearInterval(timer)
}

const look = (connection: GatewayConnection, limits: GatewayLimits, nowMs: number): void => {
  const { maxAgeMs, idleMs, pingIntervalMs } = limits
  const tooOld = maxAgeMs !== null && nowMs - connection.connectedAtMs >= maxAgeMs
  const idle = idleMs !== null && nowMs - connection.lastActiveAtMs() >= idleMs
  if (tooOld || idle) {
    connection.close({ code: 1001, reason: 'Going away' })
    return
  }
  // The socket of a peer that lost its power or network looks open for a long time.
  const silentMs = nowMs - connection.lastHeardAtMs()
  if (silentMs >= 2 * pingIntervalMs)
    connection.cutOff({ code: 1006, reason: 'Connection closed abnormally' })
  else if (silentMs >= pingIntervalMs) connection.ping()
}
