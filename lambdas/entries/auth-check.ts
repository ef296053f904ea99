import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { readLimits } from '../../adapters/environment/limit-settings.ts'
import { makeCheckAccess } from '../../core/use-cases/check-access.ts'
import { makeHandler } from '../auth-check.ts'
import { authenticationOf } from './authentication.ts'
import { directorySettings, environment, read, telemetrySettings } from './environment.ts'
import { directoryOf } from './store.ts'
import { telemetryOf } from './telemetry.ts'

const settings = read({ ...telemetrySettings, ...directorySettings })
const { telemetry, observed } = telemetryOf(settings)
const directory = directoryOf(makeDynamoDbClient(), settings)

export const handler = observed(
  makeHandler({
    authenticate: authenticationOf(environment),
    checkAccess: makeCheckAccess({ directory, limits: readLimits(environment) }),
    telemetry,
  }),
)
