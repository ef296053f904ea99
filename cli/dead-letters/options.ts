import { parseArgs } from 'node:util'
import type { Selection } from '../../adapters/rabbitmq/maintenance/dead-letters.ts'

export type Command =
  | { readonly kind: 'list'; readonly selection: Selection; readonly asJson: boolean }
  | { readonly kind: 'show'; readonly id: string }
  | { readonly kind: 'replay'; readonly selection: Selection }
  | { readonly kind: 'drop'; readonly selection: Selection; readonly isSure: boolean }

/** `usage`: nothing is to be done but to print it; with a problem if that was not what was asked for. */
export type Parsed =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'usage'; readonly problem: string | undefined }

export const usage = `Usage: npm run dead-letters [-- COMMAND] [OPTIONS]

  list                 what was set aside, the oldest first; never the content of messages
  show ID              one record whole, content included
  replay ID… | --all   puts records back into their lanes
  drop ID… | --all     removes records for good

  --room ROOM          only those of this room
  --reason TEXT        only those whose reason has this in it
  --limit N            only the N oldest of them
  --json               list as JSON
  --yes                drop without this only shows what it would remove
  --help               this

RABBITMQ_URL, QUEUE_PREFIX, LANES and BULK_LANES say where, as for the gateway; for a deployment on AWS,
DEAD_LETTERS_FUNCTION says which of its functions does it: the output DeadLettersFunction of the stack.
Exit codes: 0 all went well, 1 it did not, 2 the arguments make no sense.`

export const parseOptions = (args: readonly string[]): Parsed => {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: known, allowPositionals: true })
    if (values.help) return { kind: 'usage', problem: undefined }
    const [name = 'list', ...ids] = positionals
    return isName(name)
      ? check(name, ids, values)
      : problem(`There is no command "${name}": list, show, replay or drop.`)
  } catch (error) {
    // What parseArgs throws for arguments that it does not know; anything else is a defect.
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      return problem(error.message)
    }
    throw error
  }
}

const known = {
  all: { type: 'boolean', default: false },
  room: { type: 'string' },
  reason: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Name = Command['kind']
type Values = {
  readonly all: boolean
  readonly room?: string | undefined
  readonly reason?: string | undefined
  readonly limit?: string | undefined
  readonly json: boolean
  readonly yes: boolean
}

const names: readonly Name[] = ['list', 'show', 'replay', 'drop']
const isName = (text: string): text is Name => names.some((name) => name === text)

const check = (name: Name, ids: readonly string[], values: Values): Parsed => {
  const wrong =
    misplaced(name, values) ?? wrongIds(name, ids, values) ?? wrongLimit(values.limit) ?? undefined
  return wrong === undefined ? { kind: 'command', command: commandOf(name, ids, values) } : problem(wrong)
}

/** An option that would be ignored may be what somebody relied on. */
const misplaced = (name: Name, { all, json, yes, ...filters }: Values): string | undefined => {
  const acts = name === 'replay' || name === 'drop'
  if (json && name !== 'list') return '--json goes with list.'
  if (yes && name !== 'drop') return '--yes goes with drop.'
  if (all && !acts) return '--all goes with replay and drop.'
  const given = [filters.room, filters.reason, filters.limit].some((value) => value !== undefined)
  if (given && name === 'show') return 'show takes an id and nothing else.'
  return given && acts && !all ? `--room, --reason and --limit go with ${name} --all.` : undefined
}

const wrongIds = (name: Name, ids: readonly string[], { all }: Values): string | undefined => {
  const none = ids.find((id) => !/^[0-9a-f]{12}$/.test(id))
  if (none !== undefined) return `"${none}" is no id: list shows them, 12 of 0-9 a-f.`
  if (name === 'list') return ids.length > 0 ? 'list takes no ids: show does.' : undefined
  if (name === 'show') return ids.length === 1 ? undefined : 'show takes one id.'
  if (all) return ids.length > 0 ? `${name} takes ids or --all, not both.` : undefined
  return ids.length > 0 ? undefined : `Say what to ${name}: ids, or --all.`
}

const wrongLimit = (limit: string | undefined): string | undefined =>
  limit === undefined || /^[1-9]\d{0,8}$/.test(limit) ? undefined : '--limit takes a number from 1.'

const commandOf = (name: Name, ids: readonly string[], values: Values): Command => {
  const { all, room: roomId, reason, limit: text, json: asJson, yes: isSure } = values
  const limit = text === undefined ? undefined : Number(text)
  const selection: Selection = ids.length > 0 && !all ? { ids } : { roomId, reason, limit }
  switch (name) {
    case 'list':
      return { kind: name, selection, asJson }
    case 'show':
      return { kind: name, id: ids[0] ?? '' }
    case 'replay':
      return { kind: name, selection }
    case 'drop':
      return { kind: name, selection, isSure }
  }
}

const problem = (text: string): Parsed => ({ kind: 'usage', problem: text })
