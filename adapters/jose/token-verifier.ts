import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import * as v from 'valibot'
import type { Identity } from '../../core/domain/identity.ts'
import type { Clock, TokenVerifier } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { ClaimsSchema } from './claims.ts'

type Options = (SharedSecret | Issuer) & { readonly clock: Clock }

/** Options for tokens that are signed with HS256 and a shared secret. */
type SharedSecret = {
  /** Secret of at least 32 bytes, because HS256 is as strong as its secret. Text counts as UTF-8. */
  readonly secret: string | Uint8Array
}

/** Options for tokens that are signed with a private key, whose public half the issuer publishes. */
type Issuer = {
  /** Required value of `iss`. */
  readonly issuer: string
  /** Required value of `aud`, or of one of its values. */
  readonly audience: string
  /** URL of the issuer's keys. Default: `/.well-known/jwks.json` below the issuer. */
  readonly jwksUri?: string
  /** Time limit of fetching the issuer's keys, in ms. Default: 3,000. */
  readonly jwksTimeoutMs?: number
  /**
   * Time after a fetch in which tokens with an unknown key id are refused without another fetch, in ms. It keeps invented key
   * ids from flooding the issuer. Default: 30,000.
   */
  readonly jwksCooldownMs?: number
}

type Key = { readonly key: JWTVerifyGetKey; readonly algorithms: string[]; readonly bound: Bound }
type Bound = { readonly issuer?: string; readonly audience?: string }

/** Maximum characters of a token: API Gateway accepts about 8 KB of headers and query string. */
const maxTokenLength = 8 * 1024
const clockToleranceSeconds = 5
const minSecretBytes = 32
const asymmetricAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/**
 * Creates a verifier of JWTs on the `jose` package. `exp` and `sub` are required. Clocks may differ by up to 5 s.
 *
 * The verifier throws ChatError `unavailable` if the issuer's keys are out of reach, because the token may be valid.
 *
 * @throws Error if the secret is too short or a URL is invalid
 */
export const makeTokenVerifier = ({ clock, ...options }: Options): TokenVerifier => {
  const { key, algorithms, bound } = 'secret' in options ? sharedKey(options) : issuerKeys(options)

  return async (token) => {
    if (token.length > maxTokenLength) {
      throw new ChatError(
        'unauthorized',
        `The token is longer than ${maxTokenLength} characters. Shorten it.`,
      )
    }
    try {
      const { payload } = await jwtVerify(token, key, {
        ...bound,
        algorithms,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(clock()),
      })
      return identityOf(payload)
    } catch (error) {
      if (error instanceof errors.JOSEError) {
        throw new ChatError('unauthorized', refusal(error), { cause: error })
      }
      throw error
    }
  }
}

const sharedKey = ({ secret }: SharedSecret): Key => {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  if (bytes.byteLength < minSecretBytes) {
    throw new Error(`The token secret has ${bytes.byteLength} bytes; it needs at least ${minSecretBytes}.`)
  }
  return { key: async () => bytes, algorithms: ['HS256'], bound: {} }
}

const issuerKeys = ({ issuer, audience, jwksUri, jwksTimeoutMs, jwksCooldownMs }: Issuer): Key => {
  const url = new URL(jwksUri ?? `${issuer.replace(/\/+$/, '')}/.well-known/jwks.json`)
  let published: ReturnType<typeof createRemoteJWKSet> | undefined
  const key: JWTVerifyGetKey = async (header, token) => {
    // Created with the first token: it loads Node's fetch, which takes longer than the rest of this module.
    published ??= createRemoteJWKSet(url, {
      timeoutDuration: jwksTimeoutMs ?? 3000,
      cooldownDuration: jwksCooldownMs ?? 30_000,
    })
    try {
      return await published(header, token)
    } catch (error) {
      if (!(error instanceof Error) || isFaultOfToken(error)) throw error
      throw new ChatError('unavailable', 'The keys of the token issuer are out of reach. Try again.', {
        cause: error,
      })
    }
  }
  return { key, algorithms: asymmetricAlgorithms, bound: { issuer, audience } }
}

/** Tells whether the keys were available but none fits the token. Other errors come from fetching the keys. */
const isFaultOfToken = (error: Error): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported

const identityOf = (payload: JWTPayload): Identity => {
  const claims = v.safeParse(ClaimsSchema, payload, { abortPipeEarly: true })
  if (!claims.success) {
    const [issue] = claims.issues
    const cause = new v.ValiError(claims.issues)
    throw new ChatError(
      'unauthorized',
      `The token's claim ${v.getDotPath(issue)} ${issue.message}. Have it issued anew.`,
      { cause },
    )
  }
  const { sub, exp, name, rooms, roles } = claims.output
  return {
    userId: sub,
    ...(name !== undefined && { name }),
    rooms,
    roles,
    tokenExpiresAtMs: Math.floor(exp * 1000),
  }
}

/** Returns the message for the client, without any part of the token. */
const refusal = (error: errors.JOSEError): string => {
  if (error instanceof errors.JWTExpired) return 'The token has expired. Get a new one.'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf' && error.reason === 'check_failed') return 'The token is not valid yet.'
    const what = error.reason === 'missing' ? 'is missing' : 'is not what this service accepts'
    return `The token's claim ${error.claim} ${what}. Get a token that was issued for this service.`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) {
    return 'The token is not signed with a key that this service trusts. Get a new one.'
  }
  if (error instanceof errors.JWKSMultipleMatchingKeys) {
    return "The token does not say which of its issuer's keys it is signed with. Have it issued with a kid."
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    return 'The token is signed in a way that this service does not accept. Get a new one.'
  }
  return 'The token is not a valid JWT. Get a new one.'
}
