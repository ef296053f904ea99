import type { Selection } from '../../adapters/rabbitmq/maintenance/dead-letters.ts'
import { type Parsed, parseArguments, problem } from '../arguments.ts'

/** A command of `npm run dead-letters`. */
export type Command =
  | { readonly kind: 'list'; readonly selection: Selection; readonly asJson: boolean }
  | { readonly kind: 'show'; readonly id: string }
  | { readonly kind: 'replay'; readonly selection: Selection }
  | { readonly kind: 'drop'; readonly selection: Selection; readonly isSure: boolean }

/** Help text. */
export const usage = `Usage: npm run dead-letters [-- COMMAND] [OPTIONS]

  list                 lists dead letters, the oldest first, without the content of messages
  show ID              shows one record, content included
  replay ID… | --all   puts records back into their lanes
  drop ID… | --all     removes records permanently

  --room ROOM          only those of this room
  --reason TEXT        only those whose reason contains this text
  --limit N            only the N oldest of them
  --json               lists as JSON
  --yes                confirms drop, which otherwise only shows the records
  --help               prints this text

RABBITMQ_URL, QUEUE_PREFIX, LANES and BULK_LANES locate the broker, as for the gateway. For a deployment on AWS, set
DEAD_LETTERS_FUNCTION to the output DeadLettersFunction of the stack instead.
Exit codes: 0 success, 1 failure, 2 invalid arguments.`

/** Parses the arguments; without a command, it is `list`. */
export const parseOptions = (args: readonly string[]): Parsed<Command> =>
  parseArguments(args, known, (values, [name = 'list', ...ids]) =>
    isName(name)
      ? check(name, ids, values)
      : problem(`There is no command "${name}". Use list, show, replay or drop.`),
  )

const known = {
  all: { type: 'boolean', default: false },
  room: { type: 'string' },
  reason: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
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

const check = (name: Name, ids: readonly string[], values: Values): Parsed<Command> => {
  const wrong =
    misplaced(name, values) ?? wrongIds(name, ids, values) ?? wrongLimit(values.limit) ?? undefined
  return wrong === undefined ? { kind: 'options', options: commandOf(name, ids, values) } : problem(wrong)
}

/** Reports options that the command would ignore. */
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
  if (none !== undefined) return `"${none}" is not an id: use 12 of 0-9 a-f, as list shows.`
  if (name === 'list') return ids.length > 0 ? 'list takes no ids: show does.' : undefined
  if (name === 'show') return ids.length === 1 ? undefined : 'show takes one id.'
  if (all) return ids.length > 0 ? `${name} takes ids or --all, not both.` : undefined
  return ids.length > 0 ? undefined : `Give ids to ${name}, or --all.`
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
