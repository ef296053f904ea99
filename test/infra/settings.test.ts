import { describe, expect, it } from 'vitest'
import { readStackSettings } from '../../lib/settings/settings.ts'
import { summaryOf } from '../../lib/settings/summary.ts'

const least = { AUTH_MODE: 'issuer', AUTH_ISSUER: 'https://id.example.org', AUTH_AUDIENCE: 'chat' }
const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat/tokens-AbCdEf'

/** What is said of settings that are bad. */
const complaint = (variables: Record<string, string>, context: Record<string, unknown> = {}): string => {
  try {
    readStackSettings(context, variables)
  } catch (error) {
    if (error instanceof Error) return error.message
  }
  throw new Error('Nothing is wrong')
}

describe('settings of a deployment', () => {
  it('need to be told who issues tokens, and nothing else', () => {
    expect(complaint({})).toBe(
      'Bad settings: AUTH_MODE is missing: it must be issuer, with AUTH_ISSUER and AUTH_AUDIENCE, or secret, with AUTH_SECRET_ARN. Set each as a variable or as a context value: LANES=8 or -c lanes=8',
    )
    expect(readStackSettings({}, least)).toMatchObject({
      stageName: 'live',
      laneCounts: { lanes: 4, bulkLanes: 2 },
      retentionDays: undefined,
      logRetentionDays: 30,
      limits: {},
      target: { name: 'aws', brokerSize: 'small', concurrency: { send: 50, publish: 15 }, alarms: undefined },
    })
  })

  it('come from context as well, which comes first', () => {
    const context = {
      stageName: 'blue',
      authMode: 'secret',
      authSecretArn: secretArn,
      lanes: 6,
      limitContentBytes: '1024',
    }
    const settings = readStackSettings(context, { ...least, STAGE_NAME: 'green', BULK_LANES: '3' })
    expect(settings).toMatchObject({
      stageName: 'blue',
      laneCounts: { lanes: 6, bulkLanes: 3 },
      limits: { LIMIT_CONTENT_BYTES: '1024' },
      authentication: { secretArn, variables: { AUTH_MODE: 'secret', AUTH_SECRET_ARN: secretArn } },
    })
  })

  it('come from context in the spelling of variables too, and are not passed over if there are none such', () => {
    const context = { LANES: 3, BROKER_SIZE: 'cluster', LIMIT_CONTENT_BYTES: 100 }
    expect(readStackSettings(context, least)).toMatchObject({
      laneCounts: { lanes: 3 },
      limits: { LIMIT_CONTENT_BYTES: '100' },
      target: { brokerSize: 'cluster' },
    })
    expect(complaint(least, { LANE: 3 })).toContain('there is no setting named LANE')
  })

  it('name what is in another region than the deployment', () => {
    const elsewhere = {
      ...{ AUTH_MODE: 'secret', AUTH_SECRET_ARN: secretArn.replace('eu-central-1', 'us-east-1') },
      ALARM_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:alarms',
      AVAILABILITY_ZONES: 'us-east-1a',
    }
    const message = complaint({ ...elsewhere, AWS_REGION: 'us-west-2', CDK_DEFAULT_REGION: 'eu-central-1' })
    for (const name of ['AUTH_SECRET_ARN', 'ALARM_TOPIC_ARN', 'AVAILABILITY_ZONES']) {
      expect(message).toContain(`${name} must be in eu-central-1, the region of the deployment (AWS_REGION)`)
    }
    expect(message).not.toContain('CERTIFICATE_ARN')
    expect(complaint({ ...elsewhere, ...least, AWS_REGION: 'eu-central-1' })).not.toContain('AUTH_SECRET_ARN')
    for (const region of [{ AWS_REGION: 'us-east-1' }, {}]) {
      expect(readStackSettings({}, { ...elsewhere, ...region })).toBeDefined()
    }
  })

  it('take keys over https alone, but for LocalStack', () => {
    const insecure = { ...least, AUTH_ISSUER: 'http://id.example.org' }
    expect(complaint(insecure)).toContain('AUTH_ISSUER and AUTH_JWKS_URI must begin with https://')
    expect(complaint({ ...least, AUTH_JWKS_URI: 'http://id.example.org/keys' })).toContain('https://')
    expect(readStackSettings({}, { ...insecure, TARGET: 'localstack' })).toBeDefined()
  })

  it('are told in a line', () => {
    expect(summaryOf(readStackSettings({}, least))).toBe(
      'Simple Chat, stage live: a small broker, no custom domain, alarms to nobody, 4 lanes and 2 bulk lanes, messages kept permanently, tokens of https://id.example.org',
    )
    const secret = {
      TARGET: 'localstack',
      AUTH_MODE: 'secret',
      AUTH_SECRET: 'a secret of more than 32 bytes, here',
    }
    expect(summaryOf(readStackSettings({}, { ...secret, RETENTION_DAYS: '30' }))).toBe(
      'Simple Chat, stage live: for LocalStack, 4 lanes and 2 bulk lanes, messages kept for 30 days, tokens signed with a secret',
    )
  })

  it('that are bad are all named in one line', () => {
    const message = complaint(
      {
        AUTH_MODE: 'issuer',
        LANES: 'many',
        LOG_LEVEL: 'loud',
        BROKER_SIZE: 'huge',
        ALARM_EMAIL: 'nobody',
        LIMIT_CONTENT_BYTE: '5',
      },
      { bulkLane: 3 },
    )
    for (const named of [
      'LANES must be a whole number from 1 to 64',
      'LOG_LEVEL must be one of info, warn, error, silent',
      'BROKER_SIZE must be one of small, cluster',
      'ALARM_EMAIL must be an e-mail address',
      'there is no LIMIT_CONTENT_BYTE',
      'there is no setting named bulkLane',
      'AUTH_ISSUER is missing',
      'AUTH_AUDIENCE is missing',
    ]) {
      expect(message).toContain(named)
    }
    expect(message).not.toContain('\n')
  })

  it('refuse open authentication, on AWS and on LocalStack', () => {
    expect(complaint({ AUTH_MODE: 'open' })).toContain('AUTH_MODE must be issuer')
    expect(complaint({ AUTH_MODE: 'open', TARGET: 'localstack' })).toContain('AUTH_MODE must be issuer')
  })

  it('take a secret by its ARN on AWS, where its text would stand in the template', () => {
    expect(complaint({ AUTH_MODE: 'secret', AUTH_SECRET: 'x'.repeat(40) })).toContain(
      'AUTH_SECRET_ARN is missing',
    )
    expect(complaint({ AUTH_MODE: 'secret', AUTH_SECRET_ARN: secretArn.slice(0, -7) })).toContain(
      'AUTH_SECRET_ARN must be the complete ARN of a secret',
    )
  })

  it('never repeat a secret', () => {
    const message = complaint({ TARGET: 'localstack', AUTH_MODE: 'secret', AUTH_SECRET: 'short' })
    expect(message).toContain('AUTH_SECRET must have at least 32 bytes')
    expect(message).not.toContain('short')
  })

  it('refuse more connections than the broker takes, and say what to do', () => {
    expect(complaint({ ...least, SEND_CONCURRENCY: '70' })).toContain(
      'SEND_CONCURRENCY (70), PUBLISH_CONCURRENCY (15), one for each lane (6) and 2 for the topology make 93 connections, but the small broker should have at most 80: lower them or set BROKER_SIZE to cluster',
    )
    expect(readStackSettings({}, { ...least, SEND_CONCURRENCY: '57' })).toBeDefined()
    expect(readStackSettings({}, { ...least, SEND_CONCURRENCY: '70', BROKER_SIZE: 'cluster' })).toBeDefined()
    expect(complaint({ ...least, SEND_CONCURRENCY: '400', BROKER_SIZE: 'cluster' })).toContain(
      'at most 400: lower them.',
    )
    expect(complaint({ ...least, LANES: '20' })).toContain('one for each lane (22)')
  })

  it('reserve nothing where the account is too small for it', () => {
    const { target } = readStackSettings(
      {},
      { ...least, RESERVED_CONCURRENCY: 'off', SEND_CONCURRENCY: '500' },
    )
    expect(target).toMatchObject({ concurrency: undefined })
  })

  it.each([
    [{ DOMAIN_NAME: 'chat.example.org' }, 'DOMAIN_NAME and CERTIFICATE_ARN must be set together'],
    [{ HOSTED_ZONE_ID: 'Z123' }, 'HOSTED_ZONE_ID requires DOMAIN_NAME'],
    [
      { ALARM_EMAIL: 'a@example.org', ALARM_TOPIC_ARN: 'arn:aws:sns:eu-central-1:123456789012:alarms' },
      'ALARM_TOPIC_ARN and ALARM_EMAIL must not be set together',
    ],
    [
      { AVAILABILITY_ZONES: 'eu-central-1a,eu-central-1b' },
      'AVAILABILITY_ZONES must name 1 zone for the small broker',
    ],
    [{ AVAILABILITY_ZONES: 'Frankfurt' }, 'AVAILABILITY_ZONES must be zones such as'],
    [{ LOG_RETENTION_DAYS: '8' }, 'LOG_RETENTION_DAYS must be one of 1, 3, 5'],
    [{ STAGE_NAME: 'Live!' }, 'STAGE_NAME must be 1 to 30 of'],
    [{ TARGET: 'moon' }, 'TARGET must be one of aws, localstack'],
    [{ THROTTLE_RATE: '20000' }, 'THROTTLE_RATE must be at most 10000'],
  ] as const)('refuse %o', (variables, expected) => {
    expect(complaint({ ...least, ...variables })).toContain(expected)
  })

  it('for LocalStack take a broker that is there, and a secret as it is', () => {
    const secret = 'for a machine of your own, and nowhere else'
    const variables = { TARGET: 'localstack', AUTH_MODE: 'secret', AUTH_SECRET: secret }
    expect(
      readStackSettings({}, { ...variables, RABBITMQ_URL: 'amqp://chat:chat@broker:5672' }),
    ).toMatchObject({
      authentication: { variables: { AUTH_MODE: 'secret', AUTH_SECRET: secret } },
      target: { name: 'localstack', rabbitMqUrl: 'amqp://chat:chat@broker:5672' },
    })
    expect(complaint({ ...variables, RABBITMQ_URL: 'http://broker' })).toContain('RABBITMQ_URL must be a URL')
  })
})
