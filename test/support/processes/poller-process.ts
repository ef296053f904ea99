import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { makeBrokerConnection } from '../../../adapters/rabbitmq/connection.ts'
import { makeRoomPublisher } from '../../../adapters/rabbitmq/room-publisher.ts'
import { describeTopology } from '../../../adapters/rabbitmq/topology.ts'
import { makeTelemetry } from '../../memory/telemetry.ts'
import { eventually } from '../eventually.ts'
import { removeTopology } from '../servers/remove-topology.ts'
import { spawnScript } from './spawn-script.ts'

/** LocalStack's lane poller as a process of its own, as its container runs it. */
export const spawnPoller = (env: Readonly<Record<string, string>>) => {
  const poller = spawnScript('localstack/main.ts', [], env)
  /** What it has logged, whole lines only. */
  const log = () =>
    poller
      .output()
      .split('\n')
      .slice(0, -1)
      .map((line): Readonly<Record<string, unknown>> => JSON.parse(line))
  const logged = (message: string) => log().find((line) => line.message === message)
  return {
    ...poller,
    log,
    /** The first line with this message, once there is one. */
    untilLogged: async (message: string) => {
      await eventually(() => logged(message) !== undefined || poller.child.exitCode !== null, message)
      return logged(message) ?? {}
    },
  }
}

/** Lanes of a test's own in a real broker: their settings for the poller, and a publisher. They go with the test. */
export const ownLanes = (url: string) => {
  const prefix = `test-${randomUUID()}`
  const counts = { lanes: 2, bulkLanes: 1 }
  const topology = describeTopology({ ...counts, prefix })
  const telemetry = makeTelemetry()
  const connection = makeBrokerConnection({ url, telemetry })
  onTestFinished(async () => {
    await connection.close()
    await removeTopology(url, topology)
  })
  return {
    topology,
    counts,
    publisher: makeRoomPublisher({ connection, topology, newId: randomUUID, telemetry }),
    env: { RABBITMQ_URL: url, QUEUE_PREFIX: prefix, LANES: '2', BULK_LANES: '1' },
  }
}

/** For the AWS SDK of a process: this endpoint, and credentials that no one checks. */
export const awsVariables = (url: string) => ({
  AWS_ENDPOINT_URL: url,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
})
