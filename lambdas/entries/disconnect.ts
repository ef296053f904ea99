import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { makeDisconnect } from '../../core/use-cases/disconnect.ts'
import { makeDisconnectHandler } from '../handlers/disconnect.ts'
import { directorySettings, read, telemetrySettings } from '../wiring/environment.ts'
import { directoryOf } from '../wiring/store.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const settings = read({ ...telemetrySettings, ...directorySettings })
const { telemetry, observed } = telemetryOf(settings)
const directory = directoryOf(makeDynamoDbClient(), settings)

export const handler = observed(
  makeDisconnectHandler({ disconnect: makeDisconnect({ directory }), telemetry }),
)
