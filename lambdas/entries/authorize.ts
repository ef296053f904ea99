import { isRefusal, makeAuthorizeHandler } from '../handlers/authorize.ts'
import { authenticationOf } from '../wiring/authentication.ts'
import { environment, read, telemetrySettings } from '../wiring/environment.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const { telemetry, observed } = telemetryOf(read(telemetrySettings))

export const handler = observed(
  makeAuthorizeHandler({ authenticate: authenticationOf(environment), telemetry }),
  isRefusal,
)
