import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { readLimits } from '../../adapters/settings/limits.ts'
import { makeCheckAccess } from '../../core/use-cases/check-access.ts'
import { makeAuthCheckHandler } from '../handlers/auth-check.ts'
import { authenticationOf } from '../wiring/authentication.ts'
import { directorySettings, environment, read, telemetrySettings } from '../wiring/environment.ts'
import { directoryOf } from '../wiring/store.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const settings = read({ ...telemetrySettings, ...directorySettings })
const { telemetry, observed } = telemetryOf(settings)
const directory = directoryOf(makeDynamoDbClient(), settings)

export const handler = observed(
  makeAuthCheckHandler({
    authenticate: authenticationOf(environment),
    checkAccess: makeCheckAccess({ directory, limits: readLimits(environment) }),
    telemetry,
  }),
)
