import { parseArgs } from 'node:util'

export type TokenOptions = {
  readonly userId: string
  readonly name: string | undefined
  /** Ids, or patterns that end in `*`. */
  readonly rooms: readonly string[]
  readonly roles: readonly string[]
  readonly hours: number
  readonly secret: string
}

/** `usage`: nothing is to be done but to print it; with a problem if that was not what was asked for. */
export type Parsed =
  | { readonly kind: 'options'; readonly options: TokenOptions }
  | { readonly kind: 'usage'; readonly problem: string | undefined }

export const usage = `Usage: AUTH_SECRET=… npm run --silent token -- --user ID --rooms ROOMS [options]

Makes a token as AUTH_MODE=secret takes it, for trying things out: in a product, its own server makes them.

  --user ID       whom it speaks for
  --rooms ROOMS   what they may enter: ids, or patterns that end in *, separated by commas
  --name NAME     to be shown beside the id
  --roles ROLES   separated by commas
  --hours N       how long it is valid, 1 to 8,760; 1 if you say nothing
  --help          this

Exit codes: 0 it is printed, 2 the arguments make no sense.`

type Environment = Readonly<Record<string, string | undefined>>

export const parseOptions = (args: readonly string[], { AUTH_SECRET }: Environment): Parsed => {
  try {
    const { values } = parseArgs({ args: [...args], options: known, allowPositionals: false })
    if (values.help) return { kind: 'usage', problem: undefined }
    return check(values, AUTH_SECRET ?? '')
  } catch (error) {
    // What parseArgs throws for arguments that it does not know; anything else is a defect.
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      return problem(error.message)
    }
    throw error
  }
}

const known = {
  user: { type: 'string', default: '' },
  rooms: { type: 'string', default: '' },
  name: { type: 'string' },
  roles: { type: 'string', default: '' },
  hours: { type: 'string', default: '1' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Values = {
  readonly user: string
  readonly rooms: string
  readonly name?: string | undefined
  readonly roles: string
  readonly hours: string
}

const check = ({ user, name, hours, ...lists }: Values, secret: string): Parsed => {
  const [rooms, roles] = [listOf(lists.rooms), listOf(lists.roles)]
  if (user === '') return problem('Say whom the token speaks for: --user ada')
  if (rooms.length === 0) return problem("Say which rooms it opens: --rooms 'general,team-*'")
  const bad = rooms.find((room) => !/^[A-Za-z0-9_.:-]{0,127}(\*|[A-Za-z0-9_.:-])$/.test(room))
  if (bad !== undefined)
    return problem(`"${bad}" cannot be a room, nor a pattern: only its last character may be *.`)
  if (!/^\d{1,4}$/.test(hours) || Number(hours) < 1 || Number(hours) > 8_760) {
    return problem('--hours takes a number from 1 to 8760.')
  }
  if (Buffer.byteLength(secret) < 32) {
    return problem('AUTH_SECRET must be set to what the deployment has: at least 32 bytes.')
  }
  return { kind: 'options', options: { userId: user, name, rooms, roles, hours: Number(hours), secret } }
}

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

const problem = (text: string): Parsed => ({ kind: 'usage', problem: text })
