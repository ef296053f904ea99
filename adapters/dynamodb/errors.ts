import { ChatError } from '../../protocol/chat-error.ts'

/**
 * What to throw for an error of the SDK: ChatError `unavailable` where DynamoDB is overloaded or out of reach,
 * so that the same call may succeed later; every other error as it is. Whether a write took effect is not
 * known after any of them.
 */
export const unavailableOr = (error: unknown): unknown =>
  isPassing(error)
    ? new ChatError('unavailable', 'The message store does not answer. Send the same frame again.', {
        cause: error,
      })
    : error

/** Runs an operation of the SDK and throws what `unavailableOr` makes of its errors. */
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

// DynamoDB developer guide, "Error handling with DynamoDB": those that it says may be tried again. The last
// three are what the SDK makes of its own time limits.
const passingNames = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  // Credentials that could not be fetched, or renewed in time.
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'AbortError',
])

// What Node calls a connection that could not be made or did not last. A host name that does not exist
// (ENOTFOUND) is among them because a resolver in trouble says the same.
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
