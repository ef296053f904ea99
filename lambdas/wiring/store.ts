import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { makeRoomDirectory } from '../../adapters/dynamodb/directory/room-directory.ts'
import { makeMessageLog } from '../../adapters/dynamodb/log/message-log.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import type { MessageLog, RoomDirectory } from '../../core/ports.ts'
import type { Limits } from '../../protocol/limits.ts'

type DirectorySettings = { readonly CONNECTIONS_TABLE: string }
type LogSettings = { readonly MESSAGES_TABLE: string; readonly RETENTION_DAYS?: number }

const dayMs = 24 * 60 * 60 * 1000

/** Creates the room directory of a function. */
export const directoryOf = (
  client: DynamoDBClient,
  { CONNECTIONS_TABLE }: DirectorySettings,
): RoomDirectory => makeRoomDirectory({ client, tableName: CONNECTIONS_TABLE, clock: systemClock })

/** Creates the message log of a function. */
export const logOf = (
  client: DynamoDBClient,
  { MESSAGES_TABLE, RETENTION_DAYS }: LogSettings,
  limits: Limits,
): MessageLog =>
  makeMessageLog({
    client,
    tableName: MESSAGES_TABLE,
    clock: systemClock,
    newId: makeIdSource({ clock: systemClock }),
    limits,
    ...(RETENTION_DAYS !== undefined && { retentionMs: RETENTION_DAYS * dayMs }),
    // An environment handles one invocation at a time, so a put never has a second entry.
    maxRunEntries: 1,
  })
