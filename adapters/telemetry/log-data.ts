/** Keys whose values never reach a log, in any case. */
const secretKeys = new Set(['token', 'content', 'secret', 'password', 'authorization'])

/** Maximum nesting of a log line (our choice). */
const maxDepth = 8

/**
 * Converts fields to JSON data for a log. Secrets and content are redacted at any depth, and errors include their chain of
 * causes. The result never makes JSON.stringify throw: a log call must not fail the work that it reports.
 */
export const printable = (fields: object): Readonly<Record<string, unknown>> =>
  printableObject(fields, [fields])

const printableValue = (value: unknown, path: readonly object[]): unknown => {
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return `[function ${value.name}]`
  if (typeof value !== 'object' || value === null) return value
  if (path.includes(value)) return '[circular]'
  if (path.length >= maxDepth) return '[too deep]'
  const inside = [...path, value]
  if (value instanceof Error) return printableError(value, inside)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Map) return printableObject(Object.fromEntries(value), inside)
  if (value instanceof Set) return [...value].map((item) => printableValue(item, inside))
  if (Array.isArray(value)) return value.map((item) => printableValue(item, inside))
  return printableObject(value, inside)
}

const printableObject = (value: object, path: readonly object[]): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      secretKeys.has(key.toLowerCase()) ? '[redacted]' : printableValue(item, path),
    ]),
  )

const printableError = (error: Error, path: readonly object[]): Record<string, unknown> => ({
  name: error.name,
  message: error.message,
  ...(!isExpected(path) && { stack: error.stack }),
  ...details(error, path),
  ...(error.cause !== undefined && { cause: printableValue(error.cause, path) }),
  ...(error instanceof AggregateError && { errors: printableValue(error.errors, path) }),
})

/** Tells whether an error is a passing limit or an outage, whose stack would only add noise. */
const isExpected = (path: readonly object[]): boolean =>
  path.some((outer) => outer instanceof Error && outer.name === 'ChatError')

/**
 * Returns an error's codes and addresses, and the metadata of the AWS SDK. Other objects are left out, because libraries
 * attach requests and rejected input to errors.
 */
const details = (error: Error, path: readonly object[]): Record<string, unknown> => {
  const own = Object.entries(error).filter(
    ([key, value]) => key === '$metadata' || value === null || typeof value !== 'object',
  )
  return printableObject(Object.fromEntries(own), path)
}

/** Returns the message of an error's innermost cause, which names the wrong address or credentials. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return reasonOf(error.cause)
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error.message || error.name
}
