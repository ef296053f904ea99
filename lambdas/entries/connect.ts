import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { readLimits } from '../../adapters/settings/limits.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeConnect } from '../../core/use-cases/connect.ts'
import { makeConnectHandler } from '../handlers/connect.ts'
import { managementEndpointOf } from '../wiring/endpoint.ts'
import {
  directorySettings,
  endpointSettings,
  environment,
  read,
  telemetrySettings,
} from '../wiring/environment.ts'
import { directoryOf } from '../wiring/store.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const settings = read({ ...telemetrySettings, ...directorySettings, ...endpointSettings })
const { telemetry, observed } = telemetryOf(settings)

export const handler = observed(
  makeConnectHandler({
    connect: makeConnect({
      directory: directoryOf(makeDynamoDbClient(), settings),
      clock: systemClock,
      limits: readLimits(environment),
    }),
    managementEndpoint: managementEndpointOf(settings),
    telemetry,
  }),
)
