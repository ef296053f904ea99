import { makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { makeDeadLetters } from '../../adapters/rabbitmq/maintenance/dead-letters.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import { runArguments } from '../../cli/dead-letters/run-arguments.ts'
import { runCommand } from '../../cli/dead-letters/run-command.ts'
import { makeDeadLettersHandler } from '../handlers/dead-letters.ts'
import { brokerAddressOf, topologyOf } from '../wiring/broker.ts'
import { brokerSettings, read, telemetrySettings } from '../wiring/environment.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const settings = read({ ...telemetrySettings, ...brokerSettings })
const { telemetry, observed } = telemetryOf(settings)
const url = brokerAddressOf(settings)

const deadLetters = makeDeadLetters({
  connect: () => makeBrokerConnection({ url, telemetry, heartbeatSeconds: 10 }),
  topology: topologyOf(settings),
  newId: makeIdSource({ clock: systemClock }),
  telemetry,
})

export const handler = observed(
  makeDeadLettersHandler({
    run: (args, output) =>
      runArguments(args, { run: (command) => runCommand(command, { deadLetters, ...output }), ...output }),
  }),
)
