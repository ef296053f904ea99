import { makeTelemetry } from '../../adapters/console/telemetry.ts'
import { readBrokerSettings } from '../../adapters/environment/broker-settings.ts'
import { SettingsError } from '../../adapters/environment/settings.ts'
import { makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { DeadLetterError } from '../../adapters/rabbitmq/dead-letter-error.ts'
import { makeDeadLetters } from '../../adapters/rabbitmq/dead-letters.ts'
import { describeTopology } from '../../adapters/rabbitmq/topology.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import { reasonOf } from '../../core/domain/reason.ts'
import { ChatError } from '../../core/protocol/chat-error.ts'
import { type Command, parseOptions, usage } from './options.ts'
import { runCommand } from './run-command.ts'

const { stdout, stderr, env } = process

const run = async (command: Command): Promise<number> => {
  const { url, queuePrefix: prefix, laneCounts } = readBrokerSettings(env)
  if (url === undefined) throw new SettingsError(onlyEmbedded)
  const telemetry = makeTelemetry({ level: 'silent' })
  const deadLetters = makeDeadLetters({
    // One that is frozen with all of them in hand is found out after two of these.
    connect: () => makeBrokerConnection({ url, telemetry, heartbeatSeconds: 10 }),
    topology: describeTopology({ ...laneCounts, prefix }),
    newId: makeIdSource({ clock: systemClock }),
    telemetry,
  })
  return runCommand(command, {
    deadLetters,
    tell: (text) => stdout.write(`${text}\n`),
    complain: (text) => stderr.write(`${text}\n`),
  })
}

const onlyEmbedded =
  'RABBITMQ_URL is not set. The embedded broker keeps its dead letters within the gateway’s own process: its log tells of each, and clients get the messages from the log of their room. To look at those of a RabbitMQ, set RABBITMQ_URL, QUEUE_PREFIX, LANES and BULK_LANES as its gateways have them.'

/** One line for what the operator can mend; a defect shows where it is. */
const fail = (error: unknown): void => {
  const isExpected =
    error instanceof SettingsError || error instanceof DeadLetterError || error instanceof ChatError
  if (!isExpected) throw error
  const reason = error instanceof ChatError ? ` (${reasonOf(error)})` : ''
  stderr.write(`${error.message}${reason}\n`)
  process.exitCode = 1
}

// Whoever read this has gone, as `head` does. The broker gives back what was in hand, as it does after any end.
stdout.on('error', () => process.exit(1))

const parsed = parseOptions(process.argv.slice(2))
if (parsed.kind === 'command') {
  try {
    process.exitCode = await run(parsed.command)
  } catch (error) {
    fail(error)
  }
} else if (parsed.problem === undefined) stdout.write(`${usage}\n`)
else {
  stderr.write(`${parsed.problem}\n\n${usage}\n`)
  process.exitCode = 2
}
