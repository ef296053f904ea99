import { makeTokenVerifier } from '../../adapters/jose/token-verifier.ts'
import { type AuthSettings, readAuthSettings } from '../../adapters/settings/auth.ts'
import { type Environment, SettingsError } from '../../adapters/settings/read-settings.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { type Authenticate, makeTokenAuthentication } from '../aws/authenticate.ts'

/**
 * Creates the authentication of connections. Open mode is refused. A secret is read from AUTH_SECRET_ARN at the first token,
 * once per environment, so a rotated secret takes effect in new environments only.
 *
 * @throws SettingsError
 */
export const authenticationOf = (environment: Environment): Authenticate => {
  const { AUTH_SECRET_ARN: secretArn } = environment
  if (secretArn === undefined || secretArn === '') return authenticate(readAuthSettings(environment))
  let authentication: Promise<Authenticate> | undefined
  const readSecret = async () => {
    // Imported late, because a deployment with an issuer never needs it.
    const { makeSecretSource } = await import('../../adapters/secrets-manager/secret-source.ts')
    const AUTH_SECRET = await makeSecretSource()(secretArn)
    return authenticate(readAuthSettings({ ...environment, AUTH_SECRET }))
  }
  return async (credentials) => {
    authentication ??= readSecret().catch((error: unknown) => {
      authentication = undefined
      throw error
    })
    return (await authentication)(credentials)
  }
}

const authenticate = (settings: AuthSettings): Authenticate => {
  if (settings.mode === 'open') {
    throw new SettingsError(
      'Bad settings: AUTH_MODE must be secret or issuer, because others can reach the service',
    )
  }
  return makeTokenAuthentication(makeTokenVerifier({ ...settings, clock: systemClock }))
}
