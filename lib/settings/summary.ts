import type { AwsTarget, LocalStackTarget, StackSettings } from './settings.ts'

/** Summarizes a deployment's settings in one line, in which a misspelt variable shows as an unexpected default. */
export const summaryOf = (settings: StackSettings): string => {
  const { stageName, laneCounts, retentionDays, authentication, target } = settings
  const { AUTH_MODE, AUTH_ISSUER } = authentication.variables
  const parts = [
    ...partsOf(target),
    `${laneCounts.lanes} lanes and ${laneCounts.bulkLanes} bulk lanes`,
    `messages kept ${retentionDays === undefined ? 'permanently' : `for ${retentionDays} days`}`,
    AUTH_MODE === 'issuer' ? `tokens of ${AUTH_ISSUER}` : 'tokens signed with a secret',
  ]
  return `Simple Chat, stage ${stageName}: ${parts.join(', ')}`
}

const partsOf = (target: AwsTarget | LocalStackTarget): readonly string[] => {
  if (target.name === 'localstack') return ['for LocalStack']
  const { brokerSize, domain, alarms } = target
  const receiver = alarms === undefined ? 'nobody' : 'email' in alarms ? alarms.email : alarms.topicArn
  return [`a ${brokerSize} broker`, domain?.name ?? 'no custom domain', `alarms to ${receiver}`]
}
