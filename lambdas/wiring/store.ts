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

export const directoryOf = (
  client: DynamoDBClient,
  { CONNECTIONS_TABLE }: DirectorySettings,
): RoomDirectory => makeRoomDirectory({ client, tableName: CONNECTIONS_TABLE, clock: systemClock })

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
    // An environment has one invocation at a time, so there is never another entry to share a put with.
    maxRunEntries: 1,
  })
