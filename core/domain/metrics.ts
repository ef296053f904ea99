/** Names of counters, which dashboards and alarms use. */
export const counters = [
  'message.stored',
  'message.duplicate',
  'post.sent',
  'post.gone',
  'post.throttled',
  'post.failed',
  'deadLettered',
  'room.split',
  'connection.opened',
  'connection.closed',
  'connection.refused',
  'broker.connectionLost',
  'broker.publishRetried',
  'broker.publishFailed',
] as const

/**
 * Names of durations, in ms. `delivery.ms` runs from the `sentAt` of a batch's last message until the batch was posted to
 * a page of members. Retried posts are measured when they succeed.
 */
export const durations = ['delivery.ms'] as const

/** Name of a counter. */
export type Counter = (typeof counters)[number]
/** Name of a duration. */
export type Duration = (typeof durations)[number]
