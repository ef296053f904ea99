import { setTimeout as wait } from 'node:timers/promises'
import { makeDeleteMapping } from '../../adapters/lambda/delete-mapping.ts'
import { makeDeleteReaderHandler } from '../handlers/delete-reader.ts'
import { read, telemetrySettings } from '../wiring/environment.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const { observed } = telemetryOf(read(telemetrySettings))

export const handler = observed(
  makeDeleteReaderHandler({ deleteMapping: makeDeleteMapping({ wait: (ms) => wait(ms) }) }),
)
