import * as v from 'valibot'
import { defaultLargeRoomMembers } from '../../core/delivery/large-rooms.ts'
import type { LaneCounts } from '../../core/domain/lanes.ts'
import { type Environment, numberOr, readSettings, url } from './read-settings.ts'

/** Location and layout of the broker. All processes of a deployment must agree on them. */
export type BrokerSettings = {
  /** URL with user and password; undefined means the embedded broker. */
  readonly url: string | undefined
  readonly queuePrefix: string
  readonly laneCounts: LaneCounts
}

/** Schemas of the variables. */
export const brokerEntries = {
  RABBITMQ_URL: v.exactOptional(url('amqp:', 'amqps:')),
  QUEUE_PREFIX: v.optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . -')),
    'chat',
  ),
  LANES: numberOr(4, 1, 64),
  BULK_LANES: numberOr(2, 1, 64),
} as const

/** Reads the settings of the broker. @throws SettingsError naming every invalid variable */
export const readBrokerSettings = (environment: Environment): BrokerSettings => {
  const read = readSettings(v.object(brokerEntries), environment)
  return {
    url: read.RABBITMQ_URL,
    queuePrefix: read.QUEUE_PREFIX,
    laneCounts: { lanes: read.LANES, bulkLanes: read.BULK_LANES },
  }
}

/** Schema of the variable that says when a room is large. Its value 0 becomes null: no room is large. */
export const deliveryEntries = {
  LARGE_ROOM_MEMBERS: v.pipe(
    numberOr(defaultLargeRoomMembers, 0, 1_000_000),
    v.transform((members) => (members === 0 ? null : members)),
  ),
} as const
