import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { makeDisconnect } from '../../core/use-cases/disconnect.ts'
import { makeHandler } from '../disconnect.ts'
import { directorySettings, read, telemetrySettings } from './environment.ts'
import { directoryOf } from './store.ts'
import { telemetryOf } from './telemetry.ts'

const settings = read({ ...telemetrySettings, ...directorySettings })
const { telemetry, observed } = telemetryOf(settings)
const directory = directoryOf(makeDynamoDbClient(), settings)

export const handler = observed(makeHandler({ disconnect: makeDisconnect({ directory }), telemetry }))
