import * as v from 'valibot'
import { defaultLimits, type Limits } from '../../core/protocol/limits.ts'
import { type Environment, readSettings, wholeNumber } from './settings.ts'

/** The limits of the wire contract, each changed by a variable such as `LIMIT_CONTENT_BYTES`. @throws SettingsError */
export const readLimits = (environment: Environment): Limits => {
  const changed = readSettings(LimitsSchema, environment)
  const entries = Object.entries(defaultLimits).map(([name, value]) => [
    name,
    changed[variableOf(name)] ?? value,
  ])
  return { ...defaultLimits, ...Object.fromEntries(entries) }
}

const variableOf = (name: string): string =>
  `LIMIT_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

const LimitsSchema = v.object(
  Object.fromEntries(
    Object.keys(defaultLimits).map((name) => [variableOf(name), v.exactOptional(wholeNumber(1, 1_000_000))]),
  ),
)
