import { makeGetFunctionState } from '../adapters/lambda/function-state.ts'
import { makeInvoke } from '../adapters/lambda/invoke.ts'
import { type BrokerConnection, makeBrokerConnection } from '../adapters/rabbitmq/connection.ts'
import { makeLaneConsumer } from '../adapters/rabbitmq/lane-consumer.ts'
import { declareTopology, describeTopology } from '../adapters/rabbitmq/topology.ts'
import { reasonOf } from '../adapters/telemetry/log-data.ts'
import type { Telemetry } from '../core/ports.ts'
import { backoffMs, pause, untilAborted } from '../core/primitives/timing.ts'
import { startLanePoller } from '../gateway/lambda/lane-poller.ts'
import type { PollerConfig } from './config.ts'

type Deps = {
  readonly telemetry: Telemetry
  /** Signal that stops the poller when aborted. */
  readonly stopping: AbortSignal
}

/**
 * Stands in for Lambda's event source for RabbitMQ, which LocalStack lacks. It reads every lane and passes each batch
 * to the deployed `deliver` through the Lambda API. If the function throws, the whole batch is delivered again. The
 * poller waits for the broker and the function at start and survives their outages.
 *
 * Resolves after `stopping` is aborted and the batches in flight are done.
 */
export const pollLanes = async (config: PollerConfig, deps: Deps): Promise<void> => {
  const { laneCounts, queuePrefix: prefix, deliverFunction } = config
  const { telemetry, stopping } = deps
  const topology = describeTopology({ ...laneCounts, prefix })
  const connection = makeBrokerConnection({
    url: config.rabbitMqUrl,
    telemetry,
    heartbeatSeconds: 10,
    // Declared on every new connection, so that a broker that comes back empty is repaired.
    prepare: (channel) => declareTopology(channel, topology),
  })
  try {
    // The broker comes first, because functions expect the lanes that they publish to.
    await waitFor('the broker', () => problemOf(connection), deps)
    await waitFor('the function', () => problemWith(deliverFunction), deps)
    if (stopping.aborted) return
    const invoke = makeInvoke()
    const poller = await startLanePoller({
      consumer: makeLaneConsumer({ connection, topology, telemetry }),
      counts: laneCounts,
      deliver: async (event) => void (await invoke(deliverFunction, event)),
    })
    telemetry.info('Polling the lanes', { ...laneCounts, deliverFunction })
    await untilAborted(stopping)
    telemetry.info('Stopping: the batches in flight finish first')
    await poller.stop()
  } finally {
    await connection.close()
  }
}

/** Interval at which the same problem is logged again, in ms (our choice). */
const remindMs = 60_000

/** Repeats a check with growing pauses until it finds no problem. Logs each new problem, and reminders of it. */
const waitFor = async (
  what: string,
  problem: () => Promise<string | undefined>,
  { telemetry, stopping }: Deps,
): Promise<void> => {
  let logged: string | undefined
  let loggedAtMs = 0
  for (let failures = 1; !stopping.aborted; failures++) {
    const reason = await problem()
    if (reason === undefined) return
    if (reason !== logged || Date.now() - loggedAtMs > remindMs) {
      telemetry.warn(`Waiting for ${what}`, { reason })
      logged = reason
      loggedAtMs = Date.now()
    }
    await pause(backoffMs(failures), stopping)
  }
}

const problemOf = (connection: BrokerConnection): Promise<string | undefined> =>
  connection.open().then(() => undefined, reasonOf)

const getFunctionState = makeGetFunctionState()

const problemWith = (functionName: string): Promise<string | undefined> =>
  getFunctionState(functionName).then(
    (state) => (state === 'Active' ? undefined : `${functionName} is ${state}`),
    reasonOf,
  )
