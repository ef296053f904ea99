import * as v from 'valibot'

export type Environment = Readonly<Record<string, string | undefined>>

/** Settings that cannot be used: every one of them in one message that says what to do. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/**
 * Reads settings from environment variables; an empty variable counts as absent.
 *
 * @throws SettingsError naming every bad variable
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

/** A whole number in a range, as text. */
export const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.regex(/^\d{1,15}$/, `must be a whole number from ${min} to ${max}`),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  )

/** The same, with what it is where the variable is absent. */
export const numberOr = (fallback: number, min: number, max: number) =>
  v.optional(wholeNumber(min, max), String(fallback))

/** One of these words. */
export const oneOf = <const Values extends readonly [string, ...string[]]>(...values: Values) =>
  v.picklist(values, `must be one of ${values.join(', ')}`)

/** A Lambda function's name or ARN. */
export const functionName = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^[A-Za-z0-9_:-]{1,140}$/, 'must be the name or the ARN of a function'),
)

/** A URL with one of these schemes, such as `https:`. */
export const url = (...schemes: readonly string[]) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.check(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol),
      `must be a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
    ),
  )

/** What `read` returns; or undefined, and what it found wrong added to the problems, so that all can be told at once. */
export const collect = <T>(problems: string[], read: () => T): T | undefined => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    problems.push(error.message.replace(/^Bad settings: /, ''))
    return undefined
  }
}

// The value is not shown: it may be a secret.
const describe = (issue: v.BaseIssue<unknown>): string => {
  const name = v.getDotPath(issue) ?? 'the environment'
  return issue.received === 'undefined' ? `${name} is missing` : `${name} ${issue.message}`
}

export type LogLevel = v.InferOutput<typeof levels>

const levels = oneOf('info', 'warn', 'error', 'silent')

/** The least that is logged; `silent`: nothing. */
export const logEntries = { LOG_LEVEL: v.optional(levels, 'info') } as const
