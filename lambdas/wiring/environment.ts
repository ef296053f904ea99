import * as v from 'valibot'
import { deliveryEntries } from '../../adapters/settings/broker.ts'
import { logEntries, readSettings, url, wholeNumber } from '../../adapters/settings/read-settings.ts'

// What the functions find in their environment, in groups: each entry reads those that it needs. lib/ writes them.

export const environment = process.env

const text = v.string()

/** Every function's. */
export const telemetrySettings = {
  SERVICE_NAME: text,
  METRICS_NAMESPACE: v.optional(text, 'SimpleChat'),
  ...logEntries,
}
export const directorySettings = { CONNECTIONS_TABLE: text }
export const logSettings = {
  MESSAGES_TABLE: text,
  RETENTION_DAYS: v.exactOptional(wholeNumber(1, 36_500)),
}
/** `RABBITMQ_SECRET_ARN`: of a secret with `username` and `password`, where the URL holds none. */
export const brokerSettings = {
  RABBITMQ_URL: url('amqp:', 'amqps:'),
  RABBITMQ_SECRET_ARN: v.exactOptional(text),
  QUEUE_PREFIX: v.optional(text, 'chat'),
  LANES: wholeNumber(1, 64),
  BULK_LANES: wholeNumber(1, 64),
}
/** For who delivers. */
export const deliverySettings = {
  PUBLISH_FUNCTION: text,
  ...deliveryEntries,
}
/** For who learns, or posts to, the endpoint of connections. */
export const endpointSettings = {
  AWS_REGION: text,
  AWS_ENDPOINT_URL: v.exactOptional(url('http:', 'https:')),
}

/** @throws SettingsError, so that the function does not even start, in one line that names every bad variable */
export const read = <Entries extends v.ObjectEntries>(entries: Entries) =>
  readSettings(v.object(entries), environment)
