import { ChatError } from '../../protocol/chat-error.ts'

/**
 * Converts an error of the SDK: to ChatError `unavailable` if DynamoDB is overloaded or out of reach, so that the call may
 * succeed later. Other errors stay as they are. After any of them, a write may have taken effect.
 */
export const unavailableOr = (error: unknown): unknown =>
  isPassing(error)
    ? new ChatError('unavailable', 'The message store does not answer. Send the same frame again.', {
        cause: error,
      })
    : error

/** Runs an operation of the SDK. @throws the errors as converted by `unavailableOr` */
export const orUnavailable = async <T>(operation: () => Promise<T>): Promise<T> => {
  try {
    return await operation()
  } catch (error) {
    throw unavailableOr(error)
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof Error &&
  (passingNames.has(error.name) ||
    ('code' in error && typeof error.code === 'string' && passingCodes.has(error.code)) ||
    isServerFault(error))

// Errors that may be retried, by the DynamoDB developer guide, "Error handling with DynamoDB". The last three are those of
// the SDK's own time limits.
const passingNames = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  // Credentials could not be fetched or renewed in time.
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'AbortError',
])

// Codes of Node for connections that failed or broke. ENOTFOUND is included, because a failing resolver reports it as well.
const passingCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

const isServerFault = (error: Error): boolean => {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null) return false
  const { $metadata: metadata } = error
  return (
    'httpStatusCode' in metadata &&
    typeof metadata.httpStatusCode === 'number' &&
    metadata.httpStatusCode >= 500
  )
}
