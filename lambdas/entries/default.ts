import { readLimits } from '../../adapters/environment/limit-settings.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeHandler } from '../default.ts'
import { managementEndpointOf } from './endpoint.ts'
import { endpointSettings, environment, read, telemetrySettings } from './environment.ts'
import { telemetryOf } from './telemetry.ts'

const settings = read({ ...telemetrySettings, ...endpointSettings })
const { telemetry, observed } = telemetryOf(settings)

export const handler = observed(
  makeHandler({
    telemetry,
    clock: systemClock,
    limits: readLimits(environment),
    managementEndpoint: managementEndpointOf(settings),
  }),
)
