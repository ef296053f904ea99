import type { Telemetry } from '../../core/ports.ts'
import { makeInHand } from '../lambda/in-flight.ts'
import type { Invoke } from '../lambda/invoke.ts'
import type { Faults } from '../settings/faults.ts'
import type { Closing, GatewayConnection } from './connection.ts'
import type { Events } from './events.ts'

/** $disconnect, once for each connection whose $connect succeeded, a bounded number at a time. */
export type Disconnects = {
  readonly run: (connection: GatewayConnection, closing: Closing) => void
  /** Those that have not returned, begun or not. */
  readonly pending: () => number
  /** Resolves when none is pending, or after so many ms. */
  readonly settled: (withinMs: number) => Promise<boolean>
  /** Begins no more of them: what a power cut does. */
  readonly abandon: () => void
}

type Deps = {
  readonly invoke: Invoke
  readonly events: Events
  readonly faults: Faults
  readonly telemetry: Telemetry
  readonly atOnce: number
}

export const makeDisconnects = ({ invoke, events, faults, telemetry, atOnce }: Deps): Disconnects => {
  const waiting: (() => void)[] = []
  const inHand = makeInHand()
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
      telemetry.error('$disconnect failed', error, { connectionId: connection.id })
    } finally {
      done()
    }
  }

  return {
    run: (connection, closing) => {
      if (abandoned) return
      if (!faults.happens('lostDisconnects')) void inHand.track(disconnect(connection, closing))
    },
    pending: inHand.count,
    settled: inHand.settled,
    abandon: () => {
      abandoned = true
    },
  }
}
