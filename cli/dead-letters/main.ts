import * as v from 'valibot'
import { makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { makeDeadLetters } from '../../adapters/rabbitmq/maintenance/dead-letters.ts'
import { describeTopology } from '../../adapters/rabbitmq/topology.ts'
import { readBrokerSettings } from '../../adapters/settings/broker.ts'
import { functionName, readSettings, SettingsError } from '../../adapters/settings/read-settings.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import { makeTelemetry } from '../../adapters/telemetry/console.ts'
import { askFunction } from './ask-function.ts'
import type { Command } from './options.ts'
import { type Output, runArguments } from './run-arguments.ts'
import { runCommand } from './run-command.ts'

const { stdout, stderr, env } = process
const args = process.argv.slice(2)

const output: Output = {
  tell: (text) => stdout.write(`${text}\n`),
  complain: (text) => stderr.write(`${text}\n`),
}

const run = (command: Command): Promise<number> => {
  const { DEAD_LETTERS_FUNCTION: deployed } = readSettings(FunctionSchema, env)
  return deployed === undefined ? runHere(command) : askFunction(deployed, args, output)
}

const FunctionSchema = v.object({ DEAD_LETTERS_FUNCTION: v.exactOptional(functionName) })

const runHere = async (command: Command): Promise<number> => {
  const { url, queuePrefix: prefix, laneCounts } = readBrokerSettings(env)
  if (url === undefined) throw new SettingsError(onlyEmbedded)
  const telemetry = makeTelemetry({ level: 'silent' })
  const deadLetters = makeDeadLetters({
    // A frozen process that holds all dead letters is detected after two heartbeats.
    connect: () => makeBrokerConnection({ url, telemetry, heartbeatSeconds: 10 }),
    topology: describeTopology({ ...laneCounts, prefix }),
    newId: makeIdSource({ clock: systemClock }),
    telemetry,
  })
  return runCommand(command, { deadLetters, ...output })
}

const onlyEmbedded =
  'RABBITMQ_URL is not set. For a RabbitMQ, set RABBITMQ_URL, QUEUE_PREFIX, LANES and BULK_LANES as its gateways have them. On AWS, set DEAD_LETTERS_FUNCTION to the output DeadLettersFunction of the stack. The embedded broker keeps dead letters in the gateway’s process only and logs each.'

// The reader of the output has gone, as with `head`. The broker returns held records, as after any end.
stdout.on('error', () => process.exit(1))

process.exitCode = await runArguments(args, { run, ...output })
