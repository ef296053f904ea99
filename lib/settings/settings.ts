import * as v from 'valibot'
import { readLimits } from '../../adapters/settings/limits.ts'
import type { LogLevel } from '../../adapters/settings/read-settings.ts'
import {
  collect,
  type Environment,
  readSettings,
  SettingsError,
} from '../../adapters/settings/read-settings.ts'
import type { LaneCounts } from '../../core/domain/lanes.ts'
import { type Authentication, readAuthentication } from './authentication.ts'
import { type BrokerSize, connectionsProblem, regionProblems, zonesProblem } from './checks.ts'
import { AwsSchema, commonEntries, localStackEntries, settingNames, targetEntries } from './schemas.ts'

/** What a deployment may be told. */
export type StackSettings = {
  /** Name of the API's stage, and what sets deployments in one account apart. */
  readonly stageName: string
  readonly logLevel: LogLevel
  readonly logRetentionDays: number
  readonly queuePrefix: string
  readonly laneCounts: LaneCounts
  /** Undefined: messages are kept for good. */
  readonly retentionDays: number | undefined
  /** A room with more members is served in parts; null: none is. */
  readonly largeRoomMembers: number | null
  /** Limits of the wire contract that are changed, by their variables. */
  readonly limits: Readonly<Record<string, string>>
  readonly authentication: Authentication
  /** Frames a second that the WebSocket API takes, and at once. */
  readonly throttle: { readonly rate: number; readonly burst: number }
  readonly target: AwsTarget | LocalStackTarget
}

export type AwsTarget = {
  readonly name: 'aws'
  readonly brokerSize: BrokerSize
  /** Undefined: the first ones of the region. */
  readonly availabilityZones: readonly string[] | undefined
  /** Most environments of the functions that publish; undefined: nothing is reserved. */
  readonly concurrency: { readonly send: number; readonly publish: number } | undefined
  readonly domain: Domain | undefined
  readonly alarms: Alarms | undefined
  /** Whether API Gateway is told which role it writes logs with: one for all APIs of an account and region. */
  readonly setsAccountLogRole: boolean
}

export type Domain = {
  readonly name: string
  readonly certificateArn: string
  /** Undefined: whoever owns the name points it at the API. */
  readonly hostedZoneId: string | undefined
}

/** Who is told. */
export type Alarms = { readonly topicArn: string } | { readonly email: string }

export type LocalStackTarget = { readonly name: 'localstack'; readonly rabbitMqUrl: string }

/**
 * Reads a deployment's settings from context and from variables; context comes first.
 *
 * @throws SettingsError naming every bad one in one line
 */
export const readStackSettings = (
  context: Readonly<Record<string, unknown>>,
  environment: Environment,
): StackSettings => {
  const variables = { ...environment, ...variablesIn(context) }
  const problems = [...unknownIn(context)]
  const common = collect(problems, () => readSettings(v.object(commonEntries), variables))
  collect(problems, () => readLimits(variables))
  const targetName = collect(problems, () => readSettings(v.object(targetEntries), variables))?.TARGET
  const authentication = targetName && collect(problems, () => readAuthentication(variables, targetName))
  const target = targetName && collect(problems, () => readTarget(variables, targetName))
  if (common && target?.name === 'aws') {
    problems.push(...present([zonesProblem(target), connectionsProblem(target, laneCountsOf(common))]))
    problems.push(...regionProblems(variables))
  }
  if (!common || !authentication || !target || problems.length > 0) {
    throw new SettingsError(`Bad settings: ${problems.join('; ')}. ${howToSet}`)
  }
  return {
    stageName: common.STAGE_NAME,
    logLevel: common.LOG_LEVEL,
    logRetentionDays: Number(common.LOG_RETENTION_DAYS),
    queuePrefix: common.QUEUE_PREFIX,
    laneCounts: laneCountsOf(common),
    retentionDays: common.RETENTION_DAYS,
    largeRoomMembers: common.LARGE_ROOM_MEMBERS,
    limits: limitsIn(variables),
    authentication,
    throttle: { rate: common.THROTTLE_RATE, burst: common.THROTTLE_BURST },
    target,
  }
}

const howToSet = 'Each is a variable or a context value: LANES=8, or -c lanes=8'

const present = (problems: readonly (string | undefined)[]): readonly string[] =>
  problems.filter((problem) => problem !== undefined)

const laneCountsOf = (common: { LANES: number; BULK_LANES: number }): LaneCounts => ({
  lanes: common.LANES,
  bulkLanes: common.BULK_LANES,
})

const readTarget = (variables: Environment, name: 'aws' | 'localstack'): AwsTarget | LocalStackTarget => {
  if (name === 'localstack') {
    const { RABBITMQ_URL: rabbitMqUrl } = readSettings(v.object(localStackEntries), variables)
    return { name, rabbitMqUrl }
  }
  const read = readSettings(AwsSchema, variables)
  const { SEND_CONCURRENCY: send, PUBLISH_CONCURRENCY: publish } = read
  return {
    name,
    brokerSize: read.BROKER_SIZE,
    availabilityZones: read.AVAILABILITY_ZONES,
    concurrency: read.RESERVED_CONCURRENCY === 'on' ? { send, publish } : undefined,
    domain: domainOf(read),
    alarms: alarmsOf(read),
    setsAccountLogRole: read.ACCOUNT_LOG_ROLE === 'set',
  }
}

type ReadAws = v.InferOutput<typeof AwsSchema>

const domainOf = ({ DOMAIN_NAME, CERTIFICATE_ARN, HOSTED_ZONE_ID }: ReadAws): Domain | undefined =>
  DOMAIN_NAME && CERTIFICATE_ARN
    ? { name: DOMAIN_NAME, certificateArn: CERTIFICATE_ARN, hostedZoneId: HOSTED_ZONE_ID }
    : undefined

const alarmsOf = ({ ALARM_TOPIC_ARN, ALARM_EMAIL }: ReadAws): Alarms | undefined => {
  if (ALARM_TOPIC_ARN) return { topicArn: ALARM_TOPIC_ARN }
  return ALARM_EMAIL ? { email: ALARM_EMAIL } : undefined
}

/** CDK's own context values have an @ or a colon in their names. */
const ours = (context: Readonly<Record<string, unknown>>) =>
  Object.entries(context).filter(([name]) => /^[a-z][A-Za-z0-9]*$|^[A-Z][A-Z0-9_]*$/.test(name))

/** `brokerSize` is `BROKER_SIZE`, and so is that itself. */
const variableOf = (name: string): string =>
  /[a-z]/.test(name) ? name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase() : name

const variablesIn = (context: Readonly<Record<string, unknown>>): Environment =>
  Object.fromEntries(ours(context).map(([name, value]) => [variableOf(name), String(value)]))

const isLimit = (variable: string): boolean => variable.startsWith('LIMIT_')

/** One that is misspelt would silently not hold. */
const unknownIn = (context: Readonly<Record<string, unknown>>): readonly string[] =>
  ours(context)
    .map(([name]) => name)
    .filter((name) => !isLimit(variableOf(name)) && !settingNames.includes(variableOf(name)))
    .map((name) => `there is no context value ${name}`)

const limitsIn = (variables: Environment): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      isLimit(name) && value?.trim() ? [[name, value.trim()]] : [],
    ),
  )
