import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { readLimits } from '../../adapters/settings/limits.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import { passThroughModerator } from '../../adapters/system/pass-through-moderator.ts'
import { makeSendMessage } from '../../core/use-cases/send-message.ts'
import { makeSendMessageHandler } from '../handlers/send-message.ts'
import { publisherOf } from '../wiring/broker.ts'
import { managementEndpointOf } from '../wiring/endpoint.ts'
import {
  brokerSettings,
  directorySettings,
  endpointSettings,
  environment,
  logSettings,
  read,
  telemetrySettings,
} from '../wiring/environment.ts'
import { directoryOf, logOf } from '../wiring/store.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const settings = read({
  ...telemetrySettings,
  ...directorySettings,
  ...logSettings,
  ...brokerSettings,
  ...endpointSettings,
})
const limits = readLimits(environment)
const { telemetry, observed } = telemetryOf(settings)
const client = makeDynamoDbClient()

export const handler = observed(
  makeSendMessageHandler({
    sendMessage: makeSendMessage({
      directory: directoryOf(client, settings),
      moderate: passThroughModerator,
      log: logOf(client, settings, limits),
      publisher: publisherOf(settings, telemetry),
      clock: systemClock,
      newId: makeIdSource({ clock: systemClock }),
      telemetry,
    }),
    telemetry,
    clock: systemClock,
    limits,
    managementEndpoint: managementEndpointOf(settings),
  }),
)
