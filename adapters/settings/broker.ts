import * as v from 'valibot'
import type { LaneCounts } from '../../core/domain/lanes.ts'
import { type Environment, numberOr, readSettings, url } from './settings.ts'

/** Where the broker is, and what is in it: all who use the same lanes have to agree. */
export type BrokerSettings = {
  /** Undefined: embedded in the gateway. */
  readonly url: string | undefined
  readonly queuePrefix: string
  readonly laneCounts: LaneCounts
}

/** The variables, for a schema that has more of them. */
export const brokerEntries = {
  RABBITMQ_URL: v.exactOptional(url('amqp:', 'amqps:')),
  QUEUE_PREFIX: v.optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . -')),
    'chat',
  ),
  LANES: numberOr(4, 1, 64),
  BULK_LANES: numberOr(2, 1, 64),
} as const

/** @throws SettingsError naming every bad variable */
export const readBrokerSettings = (environment: Environment): BrokerSettings => {
  const read = readSettings(v.object(brokerEntries), environment)
  return {
    url: read.RABBITMQ_URL,
    queuePrefix: read.QUEUE_PREFIX,
    laneCounts: { lanes: read.LANES, bulkLanes: read.BULK_LANES },
  }
}
