import * as v from 'valibot'
import { defaultLimits, type Limits } from '../../protocol/limits.ts'
import { type Environment, readSettings, SettingsError, wholeNumber } from './read-settings.ts'

/** Reads the limits of the wire contract, each changed by a variable such as `LIMIT_CONTENT_BYTES`. @throws SettingsError */
export const readLimits = (environment: Environment): Limits => {
  const changed = readSettings(LimitsSchema, environment)
  const entries = Object.entries(defaultLimits).map(([name, value]) => [
    name,
    changed[variableOf(name)] ?? value,
  ])
  const limits: Limits = { ...defaultLimits, ...Object.fromEntries(entries) }
  const problem = unknownLimit(environment) ?? contradiction(limits)
  if (problem) throw new SettingsError(`Bad settings: ${problem}`)
  return limits
}

/** Reports misspelt limits, which would otherwise have no effect. */
const unknownLimit = (environment: Environment): string | undefined => {
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith('LIMIT_') && !limitNames.includes(name),
  )
  return unknown.length > 0
    ? `there is no ${unknown.join(', ')}; valid names are ${limitNames.join(', ')}`
    : undefined
}

/** Bytes of a frame for everything except content and attributes: ids, names, times (our choice). */
const envelopeBytes = 4096
/** API Gateway quota "message payload size", which also applies to posts. */
const maxPostBytes = 128 * 1024

/** Reports limits under which an accepted message would not fit into a frame. */
const contradiction = (limits: Limits): string | undefined => {
  const messageBytes = limits.contentBytes + limits.attributesBytes + envelopeBytes
  if (limits.serverFrameBytes > maxPostBytes || limits.clientFrameBytes > maxPostBytes) {
    return `LIMIT_SERVER_FRAME_BYTES and LIMIT_CLIENT_FRAME_BYTES must be at most ${maxPostBytes}`
  }
  if (messageBytes > Math.min(limits.serverFrameBytes, limits.clientFrameBytes)) {
    return `LIMIT_CONTENT_BYTES and LIMIT_ATTRIBUTES_BYTES, with ${envelopeBytes} more, must fit into LIMIT_SERVER_FRAME_BYTES and LIMIT_CLIENT_FRAME_BYTES`
  }
  return limits.historyPage > limits.historyPageMax
    ? 'LIMIT_HISTORY_PAGE must be at most LIMIT_HISTORY_PAGE_MAX'
    : undefined
}

const variableOf = (name: string): string =>
  `LIMIT_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

/** Names of the variables, one per limit. */
export const limitNames: readonly string[] = Object.keys(defaultLimits).map(variableOf)

const LimitsSchema = v.object(
  Object.fromEntries(limitNames.map((name) => [name, v.exactOptional(wholeNumber(1, 1_000_000))])),
)
