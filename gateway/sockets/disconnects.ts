import type { Telemetry } from '../../core/ports.ts'
import { makeInFlight } from '../lambda/in-flight.ts'
import type { Invoke } from '../lambda/invoke.ts'
import type { Faults } from '../settings/faults.ts'
import type { Closing, GatewayConnection } from './connection.ts'
import type { Events } from './events.ts'

/** Runs $disconnect once for each connection whose $connect succeeded, with bounded concurrency. */
export type Disconnects = {
  /** Queues the $disconnect invocation of a connection. */
  readonly run: (connection: GatewayConnection, closing: Closing) => void
  /** Number of invocations that are queued or running. */
  readonly pending: () => number
  /** Resolves with true when none is pending, or with false after `withinMs`. */
  readonly settled: (withinMs: number) => Promise<boolean>
  /** Starts no further invocation, as in a power cut. */
  readonly abandon: () => void
}

type Deps = {
  readonly invoke: Invoke
  readonly events: Events
  readonly faults: Faults
  readonly telemetry: Telemetry
  /** Maximum number of invocations at the same time. */
  readonly atOnce: number
}

/** Creates the queue of $disconnect invocations of one gateway. */
export const makeDisconnects = ({ invoke, events, faults, telemetry, atOnce }: Deps): Disconnects => {
  const waiting: (() => void)[] = []
  const inFlight = makeInFlight()
  let running = 0
  let abandoned = false

  const turn = async () => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
  }
  const done = () => {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
  const disconnect = async (connection: GatewayConnection, closing: Closing) => {
    await turn()
    try {
      if (abandoned) return
      const event = events.disconnect(connection, closing)
      await invoke((handlers, context) => handlers.disconnect(event, context))
    } catch (error) {
      telemetry.error('$disconnect failed; its rows expire by themselves', error, {
        connectionId: connection.id,
      })
    } finally {
      done()
    }
  }

  return {
    run: (connection, closing) => {
      if (abandoned) return
      if (!faults.happens('lostDisconnects')) void inFlight.track(disconnect(connection, closing))
    },
    pending: inFlight.count,
    settled: inFlight.settled,
    abandon: () => {
      abandoned = true
    },
  }
}
