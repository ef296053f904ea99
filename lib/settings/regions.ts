import type { Environment } from '../../adapters/settings/settings.ts'

/** What is in another region than the deployment, as far as that is known before it begins: it cannot be used. */
export const regionProblems = (variables: Environment): readonly string[] => {
  // CDK sets the first to what it deploys to, by whatever way it has found that.
  const region = variables.CDK_DEFAULT_REGION || variables.AWS_REGION || variables.AWS_DEFAULT_REGION
  if (!region) return []
  const here = (regionOfIt: string | undefined) => regionOfIt === undefined || regionOfIt === region
  const named = [
    'CERTIFICATE_ARN',
    'ALARM_TOPIC_ARN',
    ...(variables.AUTH_MODE === 'secret' ? ['AUTH_SECRET_ARN'] : []),
  ]
  const strangers = named.filter((name) => !here(variables[name]?.trim().split(':')[3]))
  const zones = (variables.AVAILABILITY_ZONES ?? '').split(',').map((zone) => zone.trim())
  const isElsewhere = zones.some((zone) => zone !== '' && !zone.startsWith(region))
  return [...strangers, ...(isElsewhere ? ['AVAILABILITY_ZONES'] : [])].map(
    (name) => `${name} must be in ${region}, where the deployment goes (AWS_REGION)`,
  )
}
