import * as v from 'valibot'
import { deliveryEntries } from '../../adapters/settings/broker.ts'
import { logEntries, readSettings, url, wholeNumber } from '../../adapters/settings/read-settings.ts'

// Environment variables of the functions, in groups: each entry reads the groups that it needs. lib/ sets them.

/** Environment of the process; the only place in lambdas/ that reads it. */
export const environment = process.env

const text = v.string()

/** Variables of every function. */
export const telemetrySettings = {
  SERVICE_NAME: text,
  METRICS_NAMESPACE: v.optional(text, 'SimpleChat'),
  ...logEntries,
}
/** Variables of functions that use the directory. */
export const directorySettings = { CONNECTIONS_TABLE: text }
/** Variables of functions that use the log. */
export const logSettings = {
  MESSAGES_TABLE: text,
  RETENTION_DAYS: v.exactOptional(wholeNumber(1, 36_500)),
}
/** Variables of functions that publish. `RABBITMQ_SECRET_ARN` names a secret with `username` and `password`. */
export const brokerSettings = {
  RABBITMQ_URL: url('amqp:', 'amqps:'),
  RABBITMQ_SECRET_ARN: v.exactOptional(text),
  QUEUE_PREFIX: v.optional(text, 'chat'),
  LANES: wholeNumber(1, 64),
  BULK_LANES: wholeNumber(1, 64),
}
/** Variables of `deliver`. */
export const deliverySettings = {
  PUBLISH_FUNCTION: text,
  ...deliveryEntries,
}
/** Variables of functions that use the @connections endpoint. */
export const endpointSettings = {
  AWS_REGION: text,
  AWS_ENDPOINT_URL: v.exactOptional(url('http:', 'https:')),
}

/** Reads variables at start. @throws SettingsError naming every invalid variable, so that the function does not start */
export const read = <Entries extends v.ObjectEntries>(entries: Entries) =>
  readSettings(v.object(entries), environment)
