/** What the service counts: the names under which a deployment's dashboards and alarms find it. */
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
 * What the service measures, in ms. `delivery.ms`: from the `sentAt` of the last message of a batch until it was posted
 * to a page of members, once for each page; what was put off is measured when it is posted in the end.
 */
export const durations = ['delivery.ms'] as const

export type Counter = (typeof counters)[number]
export type Duration = (typeof durations)[number]
