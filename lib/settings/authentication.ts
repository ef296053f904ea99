import * as v from 'valibot'
import { readAuthSettings } from '../../adapters/settings/auth.ts'
import { type Environment, readSettings, SettingsError } from '../../adapters/settings/read-settings.ts'
import { arn } from './schemas.ts'

/** How the deployment verifies tokens. */
export type Authentication = {
  /** Environment variables of the functions that verify tokens. */
  readonly variables: Readonly<Record<string, string>>
  /** ARN of the secret that signs tokens; absent if an issuer signs them or the target is LocalStack. */
  readonly secretArn?: string
}

/**
 * Reads how tokens are verified. Open mode is always refused. On AWS, a secret is given by its ARN, because its text
 * would appear in the template.
 *
 * @throws SettingsError
 */
export const readAuthentication = (variables: Environment, target: 'aws' | 'localstack'): Authentication => {
  const mode = variables.AUTH_MODE?.trim()
  if (mode === 'issuer') return issuerOf(variables, target)
  if (mode === 'secret') return target === 'aws' ? secretOf(variables) : plainSecretOf(variables)
  const secretName = target === 'aws' ? 'AUTH_SECRET_ARN' : 'AUTH_SECRET'
  throw new SettingsError(
    `Bad settings: AUTH_MODE ${mode ? '' : 'is missing: it '}must be issuer, with AUTH_ISSUER and AUTH_AUDIENCE, or secret, with ${secretName}`,
  )
}

const issuerOf = (variables: Environment, target: 'aws' | 'localstack'): Authentication => {
  const settings = readAuthSettings({ ...variables, AUTH_MODE: 'issuer' })
  if (settings.mode !== 'issuer') throw new Error(`Asked for an issuer, got ${settings.mode}`)
  const { mode, issuer, audience, jwksUri } = settings
  if (target === 'aws' && [issuer, jwksUri].some((url) => url?.startsWith('http:'))) {
    throw new SettingsError(
      'Bad settings: AUTH_ISSUER and AUTH_JWKS_URI must begin with https:// on AWS: an attacker who changes the keys in transit could pose as any user',
    )
  }
  return {
    variables: {
      AUTH_MODE: mode,
      AUTH_ISSUER: issuer,
      AUTH_AUDIENCE: audience,
      ...(jwksUri !== undefined && { AUTH_JWKS_URI: jwksUri }),
    },
  }
}

const SecretSchema = v.object({
  AUTH_SECRET_ARN: arn(
    'secretsmanager',
    'secret:.+-[A-Za-z0-9]{6}',
    'the complete ARN of a secret in Secrets Manager, including the six characters at its end',
  ),
})

const secretOf = (variables: Environment): Authentication => {
  const { AUTH_SECRET_ARN } = readSettings(SecretSchema, variables)
  return { variables: { AUTH_MODE: 'secret', AUTH_SECRET_ARN }, secretArn: AUTH_SECRET_ARN }
}

const plainSecretOf = (variables: Environment): Authentication => {
  const settings = readAuthSettings({ ...variables, AUTH_MODE: 'secret' })
  if (settings.mode !== 'secret') throw new Error(`Asked for a secret, got ${settings.mode}`)
  return { variables: { AUTH_MODE: settings.mode, AUTH_SECRET: settings.secret } }
}
