import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import * as v from 'valibot'
import type { Identity } from '../../core/domain/identity.ts'
import type { Clock, TokenVerifier } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import { ClaimsSchema } from './claims.ts'

type Options = (SharedSecret | Issuer) & { readonly clock: Clock }

/** Tokens signed with HS256 and a secret that the token's issuer shares with this service. */
type SharedSecret = {
  /** At least 32 bytes: HS256 is as strong as its secret. Text counts as UTF-8. */
  readonly secret: string | Uint8Array
}

/** Tokens signed with a private key, whose public half the issuer publishes. */
type Issuer = {
  /** What `iss` must be, to the letter. */
  readonly issuer: string
  /** What `aud` must be, or hold. */
  readonly audience: string
  /** Where the issuer publishes its keys. Default: `/.well-known/jwks.json` below the issuer. */
  readonly jwksUri?: string
  /** How long to wait for the issuer's keys. Default: 3,000 ms. */
  readonly jwksTimeoutMs?: number
  /**
   * After a fetch, how long a token with an unknown key id is refused without asking the issuer again: made-up
   * key ids must not become a flood of requests to it. Default: 30,000 ms.
   */
  readonly jwksCooldownMs?: number
}

type Key = { readonly key: JWTVerifyGetKey; readonly algorithms: string[]; readonly bound: Bound }
type Bound = { readonly issuer?: string; readonly audience?: string }

/** API Gateway takes headers and a query string of about 8 KB: a longer token never got here by the front door. */
const maxTokenLength = 8 * 1024
const clockToleranceSeconds = 5
const minSecretBytes = 32
const asymmetricAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/**
 * Verifies JWTs with the `jose` package. `exp` and `sub` are required. A token may be up to 5 s past its end or
 * ahead of its start, for clocks that disagree.
 *
 * The verifier throws ChatError `unavailable` where the issuer's keys are out of reach, because the token may be
 * good then.
 *
 * @throws Error if the secret is too short or an address is no URL
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
    // With the first token and not before: it loads Node's fetch, which takes longer than all the rest of this module.
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

/** The keys were there, and none is right for this token. Everything else went wrong on the way to the keys. */
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

/** What to tell the client, without a word of the token's. */
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
