import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { readLimits } from '../../adapters/environment/limit-settings.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeConnect } from '../../core/use-cases/connect.ts'
import { makeHandler } from '../connect.ts'
import { managementEndpointOf } from './endpoint.ts'
import { directorySettings, endpointSettings, environment, read, telemetrySettings } from './environment.ts'
import { directoryOf } from './store.ts'
import { telemetryOf } from './telemetry.ts'

const settings = read({ ...telemetrySettings, ...directorySettings, ...endpointSettings })
const { telemetry, observed } = telemetryOf(settings)

export const handler = observed(
  makeHandler({
    connect: makeConnect({
      directory: directoryOf(makeDynamoDbClient(), settings),
      clock: systemClock,
      limits: readLimits(environment),
    }),
    managementEndpoint: managementEndpointOf(settings),
    telemetry,
  }),
)
