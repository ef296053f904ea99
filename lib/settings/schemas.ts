import * as v from 'valibot'
import { brokerEntries, deliveryEntries } from '../../adapters/settings/broker.ts'
import { logEntries, numberOr, oneOf, url, wholeNumber } from '../../adapters/settings/read-settings.ts'
import { brokerSizes } from './checks.ts'

// Schemas of all settings of a deployment by variable, except authentication and limits.

const matching = (pattern: RegExp, what: string) =>
  v.pipe(v.string(), v.trim(), v.regex(pattern, `must be ${what}`))

/** Schema of the ARN of a resource in a region. */
export const arn = (service: string, rest: string, what: string) =>
  matching(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]+:\\d{12}:${rest}$`), what)

/** Schema of the variable that selects AWS or LocalStack. */
export const targetEntries = { TARGET: v.optional(oneOf('aws', 'localstack'), 'aws') }

// Retention periods that CloudWatch Logs offers, up to a year.
const logRetentionDays = ['1', '3', '5', '7', '14', '30', '60', '90', '120', '150', '180', '365'] as const

/** Schemas of the variables of both targets. */
export const commonEntries = {
  STAGE_NAME: v.optional(matching(/^[a-z][a-z0-9-]{0,29}$/, '1 to 30 of a-z 0-9 -, a letter first'), 'live'),
  ...logEntries,
  LOG_RETENTION_DAYS: v.optional(oneOf(...logRetentionDays), '30'),
  QUEUE_PREFIX: brokerEntries.QUEUE_PREFIX,
  LANES: brokerEntries.LANES,
  BULK_LANES: brokerEntries.BULK_LANES,
  RETENTION_DAYS: v.exactOptional(wholeNumber(1, 36_500)),
  ...deliveryEntries,
  // Well below the account's 10,000 requests per second and burst of 5,000, to which posts count as well.
  THROTTLE_RATE: numberOr(2_000, 1, 10_000),
  THROTTLE_BURST: numberOr(1_000, 1, 5_000),
}

/** Schemas of the variables for LocalStack only. */
export const localStackEntries = {
  RABBITMQ_URL: v.optional(url('amqp:', 'amqps:'), 'amqp://guest:guest@rabbitmq:5672'),
}

const ZonesSchema = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((zone) => zone.trim())),
  v.check(
    (zones) => zones.every((zone) => /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/.test(zone)),
    'must be zones such as eu-central-1a,eu-central-1b',
  ),
)

const awsEntries = {
  BROKER_SIZE: v.optional(oneOf(...brokerSizes), 'small'),
  AVAILABILITY_ZONES: v.exactOptional(ZonesSchema),
  RESERVED_CONCURRENCY: v.optional(oneOf('on', 'off'), 'on'),
  SEND_CONCURRENCY: numberOr(50, 1, 10_000),
  PUBLISH_CONCURRENCY: numberOr(15, 1, 10_000),
  DOMAIN_NAME: v.exactOptional(matching(/^([a-z0-9-]+\.)+[a-z]{2,}$/, 'a name such as chat.example.org')),
  CERTIFICATE_ARN: v.exactOptional(arn('acm', 'certificate/.+', 'the ARN of a certificate in ACM')),
  HOSTED_ZONE_ID: v.exactOptional(matching(/^Z[A-Z0-9]+$/, 'the id of a hosted zone in Route 53')),
  ALARM_TOPIC_ARN: v.exactOptional(arn('sns', '[A-Za-z0-9_.-]+', 'the ARN of a topic in SNS')),
  ALARM_EMAIL: v.exactOptional(matching(/^[^\s@]+@[^\s@]+$/, 'an e-mail address')),
  ACCOUNT_LOG_ROLE: v.optional(oneOf('set', 'keep'), 'set'),
}

/** Schema of the variables for AWS only. */
export const AwsSchema = v.pipe(
  v.object(awsEntries),
  v.forward(
    v.partialCheck(
      [['DOMAIN_NAME'], ['CERTIFICATE_ARN']],
      (read) => (read.DOMAIN_NAME === undefined) === (read.CERTIFICATE_ARN === undefined),
      'and CERTIFICATE_ARN must be set together',
    ),
    ['DOMAIN_NAME'],
  ),
  v.forward(
    v.partialCheck(
      [['HOSTED_ZONE_ID'], ['DOMAIN_NAME']],
      (read) => read.HOSTED_ZONE_ID === undefined || read.DOMAIN_NAME !== undefined,
      'requires DOMAIN_NAME',
    ),
    ['HOSTED_ZONE_ID'],
  ),
  v.forward(
    v.partialCheck(
      [['ALARM_TOPIC_ARN'], ['ALARM_EMAIL']],
      (read) => read.ALARM_TOPIC_ARN === undefined || read.ALARM_EMAIL === undefined,
      'and ALARM_EMAIL must not be set together',
    ),
    ['ALARM_TOPIC_ARN'],
  ),
)

/** Names of all variables of the schemas above, and of authentication. */
export const settingNames: readonly string[] = [
  ...Object.keys({ ...targetEntries, ...commonEntries, ...localStackEntries, ...awsEntries }),
  ...['AUTH_MODE', 'AUTH_ISSUER', 'AUTH_AUDIENCE', 'AUTH_JWKS_URI', 'AUTH_SECRET', 'AUTH_SECRET_ARN'],
]
