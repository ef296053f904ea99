import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { makeBrokerConnection } from '../../../adapters/rabbitmq/connection.ts'
import { makeRoomPublisher } from '../../../adapters/rabbitmq/room-publisher.ts'
import { describeTopology } from '../../../adapters/rabbitmq/topology.ts'
import { ChatError } from '../../../protocol/chat-error.ts'
import { makeTelemetry } from '../../memory/telemetry.ts'
import { retryJob } from '../lanes/lane-jobs.ts'

// A program: publishes a job for each number that it reads, and tells of each when it begins and what became of it.

const [url = '', prefix = '', room = ''] = process.argv.slice(2)
const tell = (line: string) => process.stdout.write(`${line}\n`)
const telemetry = {
  ...makeTelemetry(),
  warn: (message: string, fields: object = {}) => tell(`${message} ${JSON.stringify(fields)}`),
}
const topology = describeTopology({ lanes: 2, bulkLanes: 1, prefix })
const connection = makeBrokerConnection({ url, telemetry, heartbeatSeconds: 1 })
const publisher = makeRoomPublisher({ connection, topology, newId: randomUUID, telemetry })

const publish = async (n: number): Promise<void> => {
  tell(`${n} begun`)
  const startedAtMs = performance.now()
  const outcome = await publisher.publish(retryJob(room, n)).then(
    () => 'stored',
    (error) => (error instanceof ChatError ? error.code : String(error)),
  )
  tell(`${n} ${outcome} after ${Math.round(performance.now() - startedAtMs)} ms`)
}

for await (const line of createInterface({ input: process.stdin })) void publish(Number(line))
