import type { PostOutcome } from '../../core/ports.ts'

/** Reason of a failed request to the @connections API. A `defect` is permanent and needs attention. */
export type Fault = Exclude<PostOutcome, 'sent'> | 'defect'

/**
 * Classifies an error by its HTTP status, and by its name if API Gateway documents one. Without a status, it is a temporary
 * failure of the network or a time limit. Only errors of this process, such as an invalid endpoint, are different.
 */
export const faultOf = (error: Error): Fault => {
  const status = statusOf(error)
  if (error.name === 'GoneException' || status === 410) return 'gone'
  if (error.name === 'LimitExceededException' || status === 429) return 'throttled'
  // A status below 400 means nothing: the answer began well and broke off.
  if (status !== undefined && status >= 400) return status >= 500 || status === 408 ? 'failed' : 'defect'
  return passingErrors.has(error.name) || isNetworkError(error) ? 'failed' : 'defect'
}

/** Error names of the AWS SDK for a missing answer and for credentials that could not be fetched. */
const passingErrors = new Set(['TimeoutError', 'AbortError', 'CredentialsProviderError'])

/** Returns the status of an error of the SDK, or of the unreadable answer that caused it. */
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

/** Tells whether an error comes from the network: ECONNRESET and similar, several addresses, TLS, or HTTP parsing. */
const isNetworkError = (error: Error): boolean =>
  ('syscall' in error && typeof error.syscall === 'string') ||
  ('code' in error &&
    typeof error.code === 'string' &&
    /^(E[A-Z]+|HPE_\w+|ERR_(TLS|SSL)\w*)$/.test(error.code))

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
