import { setTimeout as wait } from 'node:timers/promises'
import { makeFramePoster } from '../../adapters/apigateway/frame-poster.ts'
import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { makeInvoke } from '../../adapters/lambda/invoke.ts'
import { makeRoomPublisher } from '../../adapters/lambda/room-publisher.ts'
import { readLimits } from '../../adapters/settings/limits.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeDeliver } from '../../core/use-cases/deliver.ts'
import { makeDeliverHandler } from '../handlers/deliver.ts'
import {
  deliverySettings,
  directorySettings,
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
  ...deliverySettings,
})
const limits = readLimits(environment)
const { telemetry, observed } = telemetryOf(settings)
const client = makeDynamoDbClient()

export const handler = observed(
  makeDeliverHandler({
    deliver: makeDeliver({
      log: logOf(client, settings, limits),
      directory: directoryOf(client, settings),
      poster: makeFramePoster({ telemetry }),
      publisher: makeRoomPublisher({ invoke: makeInvoke(), functionName: settings.PUBLISH_FUNCTION }),
      clock: systemClock,
      wait: (ms) => wait(ms),
      telemetry,
      limits,
      largeRoomMembers: settings.LARGE_ROOM_MEMBERS,
    }),
    clock: systemClock,
  }),
)
