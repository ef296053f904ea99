import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Clock } from '../../core/ports.ts'

/** The single pair of keys that may sign requests to /@connections. */
export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string }

type SignedRequest = {
  readonly method: string
  /** Path as sent on the wire, without the query string. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

type Options = { readonly credentials: Credentials; readonly region: string; readonly clock: Clock }

/**
 * Verifies Signature Version 4, as API Gateway does for @connections. Without it, any client could post to any
 * connection. The check signs the request again with the known credentials, over the headers that the request
 * lists as signed.
 *
 * @returns the problem in words, or undefined for a valid signature
 */
export const makeSignatureCheck = ({ credentials, region, clock }: Options) => {
  const signer = new SignatureV4({
    credentials,
    region,
    service: 'execute-api',
    sha256: Sha256,
    applyChecksum: false,
  })

  return async ({ method, path, headers, body }: SignedRequest): Promise<string | undefined> => {
    const { authorization } = headers
    if (authorization === undefined) return 'Missing Authentication Token'
    const signedHeaders = /SignedHeaders=([^,\s]+)/.exec(authorization)?.[1]?.split(';') ?? []
    if (!signedHeaders.includes('host') || !signedHeaders.includes('x-amz-date')) {
      return 'The headers host and x-amz-date must be signed'
    }
    const signingDate = parseDate(headers['x-amz-date'])
    if (!signingDate || Math.abs(clock() - signingDate.getTime()) > maxSkewMs) return 'Signature expired'
    const claimedHash = headers['x-amz-content-sha256']
    if (claimedHash !== undefined && claimedHash !== createHash('sha256').update(body).digest('hex')) {
      return 'x-amz-content-sha256 is not the hash of the body'
    }
    const { headers: expected } = await signer.sign(
      {
        method,
        path,
        protocol: 'http:',
        hostname: headers.host ?? '',
        headers: pick(headers, signedHeaders),
        body,
      },
      { signingDate, signableHeaders: new Set(signedHeaders) },
    )
    return isSame(signatureOf(expected.authorization), signatureOf(authorization))
      ? undefined
      : 'The request signature we calculated does not match the signature you provided'
  }
}

/** Tolerated clock difference in ms: AWS accepts signatures up to 5 minutes old or ahead. */
const maxSkewMs = 5 * 60_000

/** Hash constructor for the signer, which calls `new` on it and passes a key for an HMAC. */
class Sha256 {
  private readonly hash
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key))
  }
  update(data: Uint8Array): void {
    this.hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest()
  }
  reset(): void {
    throw new Error('The signer never resets a hash')
  }
}

const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): Buffer => {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}

/** `20261122T110405Z` */
const parseDate = (text: string | string[] | undefined): Date | undefined => {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(text)) ?? []
  if (parts.length === 0) return undefined
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = parts.map(Number)
  return new Date(Date.UTC(year, month - 1, day, hours, minutes, seconds))
}

const pick = (headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, String(headers[name] ?? '')]))

/** Returns credential, scope and signature. The list of signed headers is left out: its order may differ. */
const signatureOf = (authorization: string | undefined): string => {
  const [, credential = '', , signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      authorization ?? '',
    ) ?? []
  return `${credential} ${signature}`
}

const isSame = (left: string, right: string): boolean => {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length > 64 && a.length === b.length && timingSafeEqual(a, b)
}
