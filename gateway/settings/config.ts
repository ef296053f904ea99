import * as v from 'valibot'
import { type AuthSettings, readAuthSettings } from '../../adapters/settings/auth.ts'
import { brokerEntries, deliveryEntries } from '../../adapters/settings/broker.ts'
import { readLimits } from '../../adapters/settings/limits.ts'
import {
  collect,
  type Environment,
  type LogLevel,
  logEntries,
  numberOr,
  readSettings,
  SettingsError,
  url,
  wholeNumber,
} from '../../adapters/settings/read-settings.ts'
import type { LaneCounts } from '../../core/domain/lanes.ts'
import type { Limits } from '../../protocol/limits.ts'
import { type FaultSettings, parseFaults } from './faults.ts'

/** Location of a store or broker: embedded in this process, or at a URL. */
export type Place = { readonly kind: 'embedded' } | { readonly kind: 'remote'; readonly url: string }

/** Settings of the gateway process. docs/configuration.md lists the environment variables. */
export type GatewayConfig = {
  readonly host: string
  readonly port: number
  /** URL at which other nodes reach this node's /@connections; undefined means the address it listens on. */
  readonly managementEndpoint: string | undefined
  /** Keys that sign posts to /@connections; undefined means random keys, so that only this process can post. */
  readonly managementCredentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string }
    | undefined
  readonly store: Place
  /** Folder of the embedded store. */
  readonly dataFolder: string
  readonly tableNames: { readonly messages: string; readonly connections: string }
  readonly broker: Place
  readonly laneCounts: LaneCounts
  /** Prefix of all queue names; deployments that share a broker need different prefixes. */
  readonly queuePrefix: string
  readonly auth: AuthSettings
  /** Origins of pages that may connect; `same-host` means pages of this process, null means any. */
  readonly allowedOrigins: readonly string[] | 'same-host' | null
  /** Minimum time that messages are kept, in ms; undefined means permanently. */
  readonly retentionMs: number | undefined
  readonly limits: Limits
  /** Member count above which a room is delivered in parts over the bulk lanes; null disables splitting. */
  readonly largeRoomMembers: number | null
  /** Age at which a connection is closed, in ms; null means never. */
  readonly maxAgeMs: number | null
  /** Time without a frame after which a connection is closed, in ms. */
  readonly idleMs: number
  /** Time limit of a graceful shutdown, in ms. */
  readonly drainMs: number
  readonly faults: Partial<FaultSettings>
  readonly logLevel: LogLevel
}

/** Reads the gateway's settings from environment variables. @throws SettingsError naming every invalid variable */
export const readConfig = (environment: Environment): GatewayConfig => {
  const problems: string[] = []
  const auth = collect(problems, () => readAuthSettings(environment, 'open'))
  const limits = collect(problems, () => readLimits(environment))
  const read = collect(problems, () => readSettings(GatewaySchema, environment))
  if (read) problems.push(...dangers(read, environment))
  if (!auth || !limits || !read || problems.length > 0)
    throw new SettingsError(`Bad settings: ${problems.join('; ')}`)
  const { GATEWAY_ACCESS_KEY_ID: accessKeyId, GATEWAY_SECRET_ACCESS_KEY: secretAccessKey } = read
  return {
    host: read.HOST,
    port: read.PORT,
    managementEndpoint: read.MANAGEMENT_ENDPOINT?.replace(/\/$/, ''),
    managementCredentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
    store: placeOf(read.DYNAMODB_ENDPOINT),
    dataFolder: read.DATA_DIR,
    tableNames: { messages: read.MESSAGES_TABLE, connections: read.CONNECTIONS_TABLE },
    broker: placeOf(read.RABBITMQ_URL),
    laneCounts: { lanes: read.LANES, bulkLanes: read.BULK_LANES },
    queuePrefix: read.QUEUE_PREFIX,
    auth,
    // In open mode, only the page's origin distinguishes the user from any other page open in the browser.
    allowedOrigins: read.ALLOWED_ORIGINS ?? (auth.mode === 'open' ? 'same-host' : null),
    retentionMs: read.RETENTION_DAYS === undefined ? undefined : read.RETENTION_DAYS * dayMs,
    limits,
    largeRoomMembers: read.LARGE_ROOM_MEMBERS,
    maxAgeMs: read.MAX_AGE_SECONDS === 0 ? null : read.MAX_AGE_SECONDS * 1000,
    idleMs: read.IDLE_SECONDS * 1000,
    drainMs: read.DRAIN_SECONDS * 1000,
    faults: read.FAULTS,
    logLevel: read.LOG_LEVEL,
  }
}

type Read = v.InferOutput<typeof GatewaySchema>

/** Lists settings that are harmless on a developer's machine but unsafe where others can reach the gateway. */
const dangers = (read: Read, { AUTH_MODE }: Environment): readonly string[] => {
  if (isLoopback(read.HOST)) return []
  const problems: string[] = []
  if (!AUTH_MODE?.trim()) {
    problems.push(
      'AUTH_MODE is missing: set it, because HOST makes the gateway reachable from other machines',
    )
  }
  const isShared = read.RABBITMQ_URL !== undefined && read.DYNAMODB_ENDPOINT !== undefined
  if (isShared && (read.MANAGEMENT_ENDPOINT === undefined || read.GATEWAY_ACCESS_KEY_ID === undefined)) {
    problems.push(
      'MANAGEMENT_ENDPOINT, GATEWAY_ACCESS_KEY_ID and GATEWAY_SECRET_ACCESS_KEY must be set where nodes may share a broker: without them, nodes cannot post to each other',
    )
  }
  return problems
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.')

const dayMs = 24 * 60 * 60 * 1000

const placeOf = (address: string | undefined): Place =>
  address === undefined ? { kind: 'embedded' } : { kind: 'remote', url: address }

const tableName = (name: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9_.-]{3,255}$/, 'must be a table name: 3 to 255 of A-Z a-z 0-9 _ . -'),
    ),
    name,
  )

const FaultsSchema = v.pipe(
  v.string(),
  v.rawTransform<string, Partial<FaultSettings>>(({ dataset, addIssue, NEVER }) => {
    try {
      return parseFaults(dataset.value)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      addIssue({ message: `is invalid: ${error.message}` })
      return NEVER
    }
  }),
)

const OriginsSchema = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((origin) => origin.trim())),
  v.check(
    (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
    'must be origins such as https://chat.example.org, separated by commas',
  ),
)

const GatewaySchema = v.pipe(
  v.object({
    HOST: v.optional(v.string(), '127.0.0.1'),
    PORT: numberOr(8080, 0, 65_535),
    MANAGEMENT_ENDPOINT: v.exactOptional(url('http:', 'https:')),
    GATEWAY_ACCESS_KEY_ID: v.exactOptional(v.string()),
    GATEWAY_SECRET_ACCESS_KEY: v.exactOptional(v.string()),
    DYNAMODB_ENDPOINT: v.exactOptional(url('http:', 'https:')),
    DATA_DIR: v.optional(v.string(), '.data'),
    MESSAGES_TABLE: tableName('simple-chat-messages'),
    CONNECTIONS_TABLE: tableName('simple-chat-connections'),
    ...brokerEntries,
    ...deliveryEntries,
    ALLOWED_ORIGINS: v.exactOptional(OriginsSchema),
    RETENTION_DAYS: v.exactOptional(wholeNumber(1, 36_500)),
    MAX_AGE_SECONDS: numberOr(7200, 0, 31_536_000),
    IDLE_SECONDS: numberOr(600, 1, 86_400),
    DRAIN_SECONDS: numberOr(20, 1, 3600),
    FAULTS: v.optional(FaultsSchema, ''),
    ...logEntries,
  }),
  v.forward(
    v.partialCheck(
      [['GATEWAY_ACCESS_KEY_ID'], ['GATEWAY_SECRET_ACCESS_KEY']],
      (read) => (read.GATEWAY_ACCESS_KEY_ID === undefined) === (read.GATEWAY_SECRET_ACCESS_KEY === undefined),
      'and GATEWAY_SECRET_ACCESS_KEY must be set together',
    ),
    ['GATEWAY_ACCESS_KEY_ID'],
  ),
)
