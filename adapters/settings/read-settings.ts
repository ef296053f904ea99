import * as v from 'valibot'

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Thrown for invalid settings. The message names all of them and says what to do. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/**
 * Reads settings from environment variables. An empty variable counts as absent.
 *
 * @throws SettingsError naming every invalid variable
 */
export const readSettings = <S extends v.GenericSchema<unknown, unknown>>(
  schema: S,
  environment: Environment,
): v.InferOutput<S> => {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const parsed = v.safeParse(schema, present)
  if (parsed.success) return parsed.output
  throw new SettingsError(`Bad settings: ${parsed.issues.map(describe).join('; ')}`)
}

/** Schema of a whole number in a range, as text. */
export const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.regex(/^\d{1,15}$/, `must be a whole number from ${min} to ${max}`),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  )

/** Schema of a whole number in a range, as text, with a default. */
export const numberOr = (fallback: number, min: number, max: number) =>
  v.optional(wholeNumber(min, max), String(fallback))

/** Schema of one of several words. */
export const oneOf = <const Values extends readonly [string, ...string[]]>(...values: Values) =>
  v.picklist(values, `must be one of ${values.join(', ')}`)

/** Schema of the name or ARN of a Lambda function. */
export const functionName = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^[A-Za-z0-9_:-]{1,140}$/, 'must be the name or the ARN of a function'),
)

/** Schema of a URL with one of several schemes, such as `https:`. */
export const url = (...schemes: readonly string[]) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.check(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol),
      `must be a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
    ),
  )

/** Returns the result of `read`, or undefined after adding its problems to the list, so that all are reported together. */
export const collect = <T>(problems: string[], read: () => T): T | undefined => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    problems.push(error.message.replace(/^Bad settings: /, ''))
    return undefined
  }
}

// The value is not shown, because it may be a secret.
const describe = (issue: v.BaseIssue<unknown>): string => {
  const name = v.getDotPath(issue) ?? 'the environment'
  return issue.received === 'undefined' ? `${name} is missing` : `${name} ${issue.message}`
}

/** Lowest level that is logged; `silent` logs nothing. */
export type LogLevel = v.InferOutput<typeof levels>

const levels = oneOf('info', 'warn', 'error', 'silent')

/** Schema of the log level. */
export const logEntries = { LOG_LEVEL: v.optional(levels, 'info') } as const
