import { type Parsed, parseArguments, problem, unexpected } from '../arguments.ts'

/** Options of `npm run token`. */
export type TokenOptions = {
  readonly userId: string
  readonly name: string | undefined
  /** Room ids, or patterns that end in `*`. */
  readonly rooms: readonly string[]
  readonly roles: readonly string[]
  readonly hours: number
  readonly secret: string
}

/** Help text. */
export const usage = `Usage: AUTH_SECRET=… npm run --silent token -- --user ID --rooms ROOMS [options]

Prints a token for AUTH_MODE=secret, for tests. In production, your own backend issues tokens.

  --user ID       user id
  --rooms ROOMS   rooms that the user may enter: ids, or patterns that end in *, separated by commas
  --name NAME     display name
  --roles ROLES   roles, separated by commas
  --hours N       validity in hours, 1 to 8,760; default: 1
  --help          prints this text

Exit codes: 0 success, 2 invalid arguments.`

type Environment = Readonly<Record<string, string | undefined>>

/** Parses the arguments; the secret comes from the environment only. */
export const parseOptions = (args: readonly string[], { AUTH_SECRET }: Environment): Parsed<TokenOptions> =>
  parseArguments(args, known, (values, positionals) => {
    const extra = unexpected(positionals)
    return extra === undefined ? check(values, AUTH_SECRET ?? '') : problem(extra)
  })

const known = {
  user: { type: 'string', default: '' },
  rooms: { type: 'string', default: '' },
  name: { type: 'string' },
  roles: { type: 'string', default: '' },
  hours: { type: 'string', default: '1' },
} as const

type Values = {
  readonly user: string
  readonly rooms: string
  readonly name?: string | undefined
  readonly roles: string
  readonly hours: string
}

const check = ({ user, name, hours, ...lists }: Values, secret: string): Parsed<TokenOptions> => {
  const [rooms, roles] = [listOf(lists.rooms), listOf(lists.roles)]
  if (user === '') return problem('Give the user id: --user ada')
  if (rooms.length === 0) return problem("Give the rooms: --rooms 'general,team-*'")
  const bad = rooms.find((room) => !/^[A-Za-z0-9_.:-]{0,127}(\*|[A-Za-z0-9_.:-])$/.test(room))
  if (bad !== undefined)
    return problem(`"${bad}" is neither a room id nor a pattern: only the last character may be *.`)
  if (!/^\d{1,4}$/.test(hours) || Number(hours) < 1 || Number(hours) > 8_760) {
    return problem('--hours takes a number from 1 to 8760.')
  }
  if (Buffer.byteLength(secret) < 32) {
    return problem('Set AUTH_SECRET to the secret of the deployment, of at least 32 bytes.')
  }
  return { kind: 'options', options: { userId: user, name, rooms, roles, hours: Number(hours), secret } }
}

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
