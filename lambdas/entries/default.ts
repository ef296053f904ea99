import { readLimits } from '../../adapters/settings/limits.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeDefaultHandler } from '../handlers/default.ts'
import { managementEndpointOf } from '../wiring/endpoint.ts'
import { endpointSettings, environment, read, telemetrySettings } from '../wiring/environment.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const settings = read({ ...telemetrySettings, ...endpointSettings })
const { telemetry, observed } = telemetryOf(settings)

export const handler = observed(
  makeDefaultHandler({
    telemetry,
    clock: systemClock,
    limits: readLimits(environment),
    managementEndpoint: managementEndpointOf(settings),
  }),
)
