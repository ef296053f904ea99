import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { sweepExpired } from '../../adapters/dynamodb/sweep.ts'
import { createTables } from '../../adapters/dynamodb/tables.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { reasonOf } from '../../adapters/telemetry/log-data.ts'
import type { Telemetry } from '../../core/ports.ts'
import type { GatewayConfig } from '../settings/config.ts'
import { StartError } from '../settings/start-error.ts'
import { startEmbeddedStore } from './embedded-store.ts'

/** A DynamoDB that answers and has its tables: embedded, or at a URL. */
export type Store = {
  readonly client: DynamoDBClient
  /** Returns the current problem in words, or null. */
  readonly problem: () => Promise<string | null>
  readonly stop: () => Promise<void>
}

type StoreSettings = Pick<GatewayConfig, 'store' | 'dataFolder' | 'tableNames'>

/** Opens the store and creates missing tables. @throws StartError if DynamoDB or its tables cannot be used */
export const openStore = async (
  { store, dataFolder, tableNames }: StoreSettings,
  telemetry: Telemetry,
): Promise<Store> => {
  const embedded = store.kind === 'embedded' ? await startEmbeddedStore(dataFolder) : undefined
  const endpoint = store.kind === 'remote' ? store.url : embedded?.url
  const client = makeDynamoDbClient(endpoint === undefined ? {} : { endpoint })
  const stop = async () => {
    client.destroy()
    await embedded?.stop()
  }
  try {
    await createTables(client, { names: tableNames })
  } catch (error) {
    await stop()
    throw new StartError(
      `DynamoDB at ${endpoint} cannot be used (${reasonOf(error)}). Start it, correct DYNAMODB_ENDPOINT, or unset that to use the embedded store.`,
      error,
    )
  }
  const Key = { roomId: { S: 'health' }, slotConnection: { S: 'health' } }
  const problem = () => problemOf(client.send(new GetItemCommand({ TableName: tableNames.connections, Key })))
  if (!embedded) return { client, problem, stop }
  await forgetConnections(client, tableNames.connections)
  const stopSweeping = startSweeping(client, tableNames, telemetry)
  return {
    client,
    problem,
    stop: async () => {
      await stopSweeping()
      await stop()
    },
  }
}

/**
 * Removes all rows of connections. The embedded store belongs to one process, so no connection outlives it. Rows left
 * by a crash would count towards their users' connections for hours.
 */
const forgetConnections = async (client: DynamoDBClient, tableName: string): Promise<void> => {
  await sweepExpired({ client, tableName, keyNames: connectionKey, nowMs: Number.MAX_SAFE_INTEGER })
}

const connectionKey = ['roomId', 'slotConnection']
const sweepIntervalMs = 60 * 60 * 1000

/** Removes expired items now and every hour, because the embedded engine has no TTL. @returns a function that stops it */
const startSweeping = (
  client: DynamoDBClient,
  { messages, connections }: StoreSettings['tableNames'],
  telemetry: Telemetry,
): (() => Promise<void>) => {
  const sweep = async () => {
    try {
      const nowMs = systemClock()
      await sweepExpired({ client, tableName: connections, keyNames: connectionKey, nowMs })
      await sweepExpired({ client, tableName: messages, keyNames: ['roomId', 'position'], nowMs })
    } catch (error) {
      // Readers ignore expired items in any case, so the next sweep is soon enough.
      telemetry.error('Expired items could not be removed; the next sweep tries again', error)
    }
  }
  let sweeping = sweep()
  const timer = setInterval(() => {
    sweeping = sweeping.then(sweep)
  }, sweepIntervalMs)
  return () => {
    clearInterval(timer)
    return sweeping
  }
}

/** Turns the failure of an attempt into words; null if it succeeded. */
export const problemOf = (attempt: Promise<unknown>): Promise<string | null> =>
  attempt.then(() => null, reasonOf)
