import * as v from 'valibot'
import { brokerEntries } from '../adapters/settings/broker.ts'
import {
  type Environment,
  functionName,
  type LogLevel,
  logEntries,
  readSettings,
  url,
} from '../adapters/settings/read-settings.ts'
import type { LaneCounts } from '../core/domain/lanes.ts'

/** Settings of the lane poller. docs/configuration.md lists the environment variables. */
export type PollerConfig = {
  /** URL of the broker, with user and password. */
  readonly rabbitMqUrl: string
  readonly queuePrefix: string
  readonly laneCounts: LaneCounts
  /** Name or ARN of the function that receives the batches. */
  readonly deliverFunction: string
  readonly logLevel: LogLevel
}

/** Reads the poller's settings from environment variables. @throws SettingsError naming every invalid variable */
export const readConfig = (environment: Environment): PollerConfig => {
  const read = readSettings(PollerSchema, environment)
  return {
    rabbitMqUrl: read.RABBITMQ_URL,
    queuePrefix: read.QUEUE_PREFIX,
    laneCounts: { lanes: read.LANES, bulkLanes: read.BULK_LANES },
    deliverFunction: read.DELIVER_FUNCTION,
    logLevel: read.LOG_LEVEL,
  }
}

const PollerSchema = v.object({
  ...brokerEntries,
  RABBITMQ_URL: url('amqp:', 'amqps:'),
  DELIVER_FUNCTION: functionName,
  // The AWS SDK reads these two by itself. Without them it would look for the function on AWS, so they are required.
  AWS_ENDPOINT_URL: url('http:', 'https:'),
  AWS_REGION: v.string(),
  ...logEntries,
})
