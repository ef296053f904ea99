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
  /** Aborted when it is to end. */
  readonly stopping: AbortSignal
}

/**
 * What Lambda's event source for RabbitMQ does on AWS, for a place that has none: reads every lane, and hands each batch
 * to the deployed `deliver` through the Lambda API. What that function throws brings the whole batch again. It waits for
 * the broker and for the function, and lives through their outages.
 *
 * Resolves when it is to end, with the batches in hand done.
 */
export const pollLanes = async (config: PollerConfig, deps: Deps): Promise<void> => {
  const { laneCounts, queuePrefix: prefix, deliverFunction } = config
  const { telemetry, stopping } = deps
  const topology = describeTopology({ ...laneCounts, prefix })
  const connection = makeBrokerConnection({
    url: config.rabbitMqUrl,
    telemetry,
    heartbeatSeconds: 10,
    // On every new connection, so that a broker that comes back empty is put right.
    prepare: (channel) => declareTopology(channel, topology),
  })
  try {
    // First: the functions publish to lanes that they expect to be there.
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
    telemetry.info('Ending: finishing what is in hand')
    await poller.stop()
  } finally {
    await connection.close()
  }
}

/** So often the same problem is told again. Ours. */
const remindMs = 60_000

/** Asks again and again, with growing pauses, until there is no problem any more; tells each new one, and reminds of it. */
const waitFor = async (
  what: string,
  problem: () => Promise<string | undefined>,
  { telemetry, stopping }: Deps,
): Promise<void> => {
  let told: string | undefined
  let toldAtMs = 0
  for (let failures = 1; !stopping.aborted; failures++) {
    const reason = await problem()
    if (reason === undefined) return
    if (reason !== told || Date.now() - toldAtMs > remindMs) {
      telemetry.warn(`Waiting for ${what}`, { reason })
      told = reason
      toldAtMs = Date.now()
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
