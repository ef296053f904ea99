import type { PostOutcome } from '../../core/ports.ts'

/** Why a request to the @connections API did not succeed. `defect`: it will not pass, and someone must look at it. */
export type Fault = Exclude<PostOutcome, 'sent'> | 'defect'

/**
 * Tells by the HTTP status, and by the error's name where API Gateway documents one. Without a status it is the
 * network or a time limit, which may pass, unless the error was born in this process: a bad endpoint, say.
 */
export const faultOf = (error: Error): Fault => {
  const status = statusOf(error)
  if (error.name === 'GoneException' || status === 410) return 'gone'
  if (error.name === 'LimitExceededException' || status === 429) return 'throttled'
  // A status below 400 tells nothing: the answer began well and broke off.
  if (status !== undefined && status >= 400) return status >= 500 || status === 408 ? 'failed' : 'defect'
  return passingErrors.has(error.name) || isNetworkError(error) ? 'failed' : 'defect'
}

/** Names that the AWS SDK gives: no answer in time, and credentials that could not be fetched just now. */
const passingErrors = new Set(['TimeoutError', 'AbortError', 'CredentialsProviderError'])

/** The SDK's own errors bear the status; an answer that it could not read hangs on the error that this caused. */
const statusOf = (error: Error): number | undefined => {
  if ('$metadata' in error && isObject(error.$metadata)) {
    const { httpStatusCode } = error.$metadata
    if (typeof httpStatusCode === 'number') return httpStatusCode
  }
  if ('$response' in error && isObject(error.$response)) {
    const { statusCode } = error.$response
    if (typeof statusCode === 'number') return statusCode
  }
  return undefined
}

/** ECONNRESET, ENOTFOUND and the like, also from several addresses tried in turn; TLS and HTTP parser errors. */
const isNetworkError = (error: Error): boolean =>
  ('syscall' in error && typeof error.syscall === 'string') ||
  ('code' in error &&
    typeof error.code === 'string' &&
    /^(E[A-Z]+|HPE_\w+|ERR_(TLS|SSL)\w*)$/.test(error.code))

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
