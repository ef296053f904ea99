import * as v from 'valibot'
import { defaultLargeRoomMembers } from '../../core/delivery/large-rooms.ts'
import type { LaneCounts } from '../../core/domain/lanes.ts'
import { type Environment, numberOr, readSettings, url } from './read-settings.ts'

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

/** Where those who deliver read when a room is large. The variable's 0 is null: no room ever is. */
export const deliveryEntries = {
  LARGE_ROOM_MEMBERS: v.pipe(
    numberOr(defaultLargeRoomMembers, 0, 1_000_000),
    v.transform((members) => (members === 0 ? null : members)),
  ),
} as const
