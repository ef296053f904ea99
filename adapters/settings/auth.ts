import * as v from 'valibot'
import { parseJson } from '../../protocol/parse-json.ts'
import { type Environment, readSettings, SettingsError, url } from './read-settings.ts'

/** Settings of authentication, by AUTH_MODE. */
export type AuthSettings =
  /** No authentication: clients choose their user id. For development on one machine. */
  | { readonly mode: 'open' }
  /** JWTs that are signed with a shared secret (HS256). */
  | { readonly mode: 'secret'; readonly secret: string }
  /** JWTs of an issuer, verified with the issuer's published keys. */
  | { readonly mode: 'issuer'; readonly issuer: string; readonly audience: string; readonly jwksUri?: string }

/** Reads AUTH_MODE and the variables of that mode. @throws SettingsError */
export const readAuthSettings = (environment: Environment, defaultMode?: 'open'): AuthSettings => {
  const mode = environment.AUTH_MODE?.trim() || defaultMode
  if (!isMode(mode)) throw new SettingsError(`Bad settings: AUTH_MODE must be one of ${modes.join(', ')}`)
  switch (mode) {
    case 'open':
      return { mode }
    case 'secret': {
      const { AUTH_SECRET: secret } = readSettings(SecretSchema, environment)
      return { mode, secret }
    }
    case 'issuer': {
      const {
        AUTH_ISSUER: issuer,
        AUTH_AUDIENCE: audience,
        AUTH_JWKS_URI: jwksUri,
      } = readSettings(IssuerSchema, environment)
      return { mode, issuer, audience, ...(jwksUri !== undefined && { jwksUri }) }
    }
  }
}

const modes = ['open', 'secret', 'issuer'] as const
const isMode = (mode: string | undefined): mode is (typeof modes)[number] =>
  modes.some((known) => known === mode)

const isJsonObject = (text: string): boolean => {
  const value = parseJson(text)
  return typeof value === 'object' && value !== null
}

const SecretSchema = v.object({
  AUTH_SECRET: v.pipe(
    v.string(),
    v.check((secret) => new TextEncoder().encode(secret).byteLength >= 32, 'must have at least 32 bytes'),
    // The console of Secrets Manager stores JSON by default, which is never the secret that signs tokens.
    v.check((secret) => !isJsonObject(secret), 'must be the secret itself, not JSON that contains it'),
  ),
})
const IssuerSchema = v.object({
  AUTH_ISSUER: url('https:', 'http:'),
  AUTH_AUDIENCE: v.string(),
  AUTH_JWKS_URI: v.exactOptional(url('https:', 'http:')),
})
