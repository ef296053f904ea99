import { makeHandler } from '../publish.ts'
import { publisherOf } from './broker.ts'
import { brokerSettings, read, telemetrySettings } from './environment.ts'
import { telemetryOf } from './telemetry.ts'

const settings = read({ ...telemetrySettings, ...brokerSettings })
const { telemetry, observed } = telemetryOf(settings)

export const handler = observed(makeHandler({ publisher: publisherOf(settings, telemetry) }))
