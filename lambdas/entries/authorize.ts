import { isRefusal, makeHandler } from '../authorize.ts'
import { authenticationOf } from './authentication.ts'
import { environment, read, telemetrySettings } from './environment.ts'
import { telemetryOf } from './telemetry.ts'

const { telemetry, observed } = telemetryOf(read(telemetrySettings))

export const handler = observed(
  makeHandler({ authenticate: authenticationOf(environment), telemetry }),
  isRefusal,
)
