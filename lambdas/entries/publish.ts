import { makePublishHandler } from '../handlers/publish.ts'
import { publisherOf } from '../wiring/broker.ts'
import { brokerSettings, read, telemetrySettings } from '../wiring/environment.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const settings = read({ ...telemetrySettings, ...brokerSettings })
const { telemetry, observed } = telemetryOf(settings)

export const handler = observed(makePublishHandler({ publisher: publisherOf(settings, telemetry) }))
