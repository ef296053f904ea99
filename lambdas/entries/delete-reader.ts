import { setTimeout as wait } from 'node:timers/promises'
import { makeDeleteMapping } from '../../adapters/lambda/delete-mapping.ts'
import { makeHandler } from '../delete-reader.ts'
import { read, telemetrySettings } from './environment.ts'
import { telemetryOf } from './telemetry.ts'

const { observed } = telemetryOf(read(telemetrySettings))

export const handler = observed(makeHandler({ deleteMapping: makeDeleteMapping({ wait: (ms) => wait(ms) }) }))
