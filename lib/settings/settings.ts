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

/** Settings of a deployment. docs/configuration.md lists the variables. */
export type StackSettings = {
  /** Name of the API's stage. It distinguishes deployments in one account. */
  readonly stageName: string
  readonly logLevel: LogLevel
  readonly logRetentionDays: number
  readonly queuePrefix: string
  readonly laneCounts: LaneCounts
  /** Minimum time that messages are kept, in days; undefined means permanently. */
  readonly retentionDays: number | undefined
  /** Member count above which a room is delivered in parts over the bulk lanes; null disables splitting. */
  readonly largeRoomMembers: number | null
  /** Changed limits of the wire contract by variable. */
  readonly limits: Readonly<Record<string, string>>
  readonly authentication: Authentication
  /** Throttle of the WebSocket API: frames per second, and burst. */
  readonly throttle: { readonly rate: number; readonly burst: number }
  readonly target: AwsTarget | LocalStackTarget
}

/** Settings of a deployment on AWS. */
export type AwsTarget = {
  readonly name: 'aws'
  readonly brokerSize: BrokerSize
  /** Availability zones; undefined means the first ones of the region. */
  readonly availabilityZones: readonly string[] | undefined
  /** Reserved concurrency of the functions that publish; undefined reserves none. */
  readonly concurrency: { readonly send: number; readonly publish: number } | undefined
  readonly domain: Domain | undefined
  readonly alarms: Alarms | undefined
  /** True sets the role with which API Gateway writes logs; the account and region have a single one. */
  readonly setsAccountLogRole: boolean
}

/** Custom domain of the WebSocket API. */
export type Domain = {
  readonly name: string
  readonly certificateArn: string
  /** Zone that gets the record; undefined if the owner of the name creates it elsewhere. */
  readonly hostedZoneId: string | undefined
}

/** Receiver of alarms: an SNS topic or an e-mail address. */
export type Alarms = { readonly topicArn: string } | { readonly email: string }

/** Settings of a deployment on LocalStack. */
export type LocalStackTarget = { readonly name: 'localstack'; readonly rabbitMqUrl: string }

/**
 * Reads a deployment's settings from context values and environment variables. Context values take precedence.
 *
 * @throws SettingsError naming every invalid setting in one line
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

const howToSet = 'Set each as a variable or as a context value: LANES=8 or -c lanes=8'

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

/** Selects the project's context values. Names of CDK's own contain an @ or a colon. */
const projectValues = (context: Readonly<Record<string, unknown>>) =>
  Object.entries(context).filter(([name]) => /^[a-z][A-Za-z0-9]*$|^[A-Z][A-Z0-9_]*$/.test(name))

/** Returns the variable of a context value: `brokerSize` and `BROKER_SIZE` both mean `BROKER_SIZE`. */
const variableOf = (name: string): string =>
  /[a-z]/.test(name) ? name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase() : name

const variablesIn = (context: Readonly<Record<string, unknown>>): Environment =>
  Object.fromEntries(projectValues(context).map(([name, value]) => [variableOf(name), String(value)]))

const isLimit = (variable: string): boolean => variable.startsWith('LIMIT_')

/** Reports unknown context values: a misspelt one would have no effect. */
const unknownIn = (context: Readonly<Record<string, unknown>>): readonly string[] =>
  projectValues(context)
    .map(([name]) => name)
    .filter((name) => !isLimit(variableOf(name)) && !settingNames.includes(variableOf(name)))
    .map((name) => `there is no setting named ${name}`)

const limitsIn = (variables: Environment): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      isLimit(name) && value?.trim() ? [[name, value.trim()]] : [],
    ),
  )
