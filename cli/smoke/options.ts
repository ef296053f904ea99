import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'

/** How the two users say who they are. */
export type Identification =
  | { readonly kind: 'open' }
  /** Of A and of B; they may be the same. */
  | { readonly kind: 'tokens'; readonly tokens: readonly [string, string] }
  /** HS256 tokens are made with it. */
  | { readonly kind: 'secret'; readonly secret: string }

export type SmokeOptions = {
  readonly url: string
  readonly roomId: string
  readonly identification: Identification
  /** How many messages each of the two sends. */
  readonly messages: number
  /** How long each step may take. */
  readonly timeoutMs: number
}

/** `usage`: nothing is to be done but to print it; with a problem if that was not what was asked for. */
export type Parsed =
  | { readonly kind: 'options'; readonly options: SmokeOptions }
  | { readonly kind: 'usage'; readonly problem: string | undefined }

export const usage = `Usage: npm run smoke -- URL [options]

Chats with itself through the deployment at URL (wss://… or ws://…) and says what it saw, a line for each step.

  --token JWT     the users' token; twice for one each. CHAT_TOKEN in the environment does as well
  --secret S      makes tokens for two users itself, signed with HS256. AUTH_SECRET in the environment does as well
                  (without any of these: userId in the query, as in open mode)
  --room ROOM     the room to chat in; smoke- and a random end if you name none
  --messages N    how many messages each of the two sends, 1 to 1,000; 20 if you say nothing
  --timeout S     how many seconds each step may take, 1 to 600; 30 if you say nothing
  --help          this

Exit codes: 0 all went well, 1 it did not, 2 the arguments make no sense.`

type Environment = Readonly<Record<string, string | undefined>>

/** An option counts before what the environment says. */
export const parseOptions = (args: readonly string[], environment: Environment): Parsed => {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: known, allowPositionals: true })
    if (values.help) return { kind: 'usage', problem: undefined }
    return check(values, positionals, environment)
  } catch (error) {
    // What parseArgs throws for arguments that it does not know; anything else is a defect.
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      return problem(error.message)
    }
    throw error
  }
}

const known = {
  token: { type: 'string', multiple: true },
  secret: { type: 'string' },
  room: { type: 'string' },
  messages: { type: 'string', default: '20' },
  timeout: { type: 'string', default: '30' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Values = {
  readonly token?: readonly string[] | undefined
  readonly secret?: string | undefined
  readonly room?: string | undefined
  readonly messages: string
  readonly timeout: string
}

const check = (values: Values, positionals: readonly string[], environment: Environment): Parsed => {
  const [url, ...others] = positionals
  const { token = [], secret, messages, timeout } = values
  const { room = `smoke-${randomBytes(4).toString('hex')}` } = values
  if (url === undefined || others.length > 0) return problem('Name one address: wss://…')
  if (!/^wss?:\/\//.test(url) || !URL.canParse(url)) {
    const meant = /^https?:\/\//.test(url) ? url.replace('http', 'ws') : 'ws://… or wss://…'
    return problem(`"${url}" is not the address of a server: ${meant}`)
  }
  if (url.includes('#'))
    return problem('The address of a WebSocket has no fragment: leave out # and what follows.')
  if (!/^[A-Za-z0-9_.:-]{1,128}$/.test(room)) {
    return problem(`"${room}" cannot be a room: 1 to 128 letters, digits, and _ . : - make one.`)
  }
  if (token.length > 2) return problem('There are two users, and so at most two --token.')
  if (token.length > 0 && secret !== undefined) return problem('Give --token or --secret, not both.')
  if (!isNumber(messages, 1000)) return problem('--messages takes a number from 1 to 1000.')
  if (!isNumber(timeout, 600)) return problem('--timeout takes a number from 1 to 600.')
  const identification = identificationOf(token, secret, environment)
  if (identification.kind === 'secret' && Buffer.byteLength(identification.secret) < 32) {
    return problem('The secret has less than 32 bytes: no deployment takes that.')
  }
  const timeoutMs = Number(timeout) * 1000
  return {
    kind: 'options',
    options: { url, roomId: room, identification, messages: Number(messages), timeoutMs },
  }
}

const isNumber = (text: string, max: number): boolean =>
  /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= max

const identificationOf = (
  tokens: readonly string[],
  secret: string | undefined,
  environment: Environment,
): Identification => {
  const [first, second = first] = tokens
  if (first !== undefined && second !== undefined) return { kind: 'tokens', tokens: [first, second] }
  if (secret !== undefined) return { kind: 'secret', secret }
  const { CHAT_TOKEN, AUTH_SECRET } = environment
  if (CHAT_TOKEN) return { kind: 'tokens', tokens: [CHAT_TOKEN, CHAT_TOKEN] }
  return AUTH_SECRET ? { kind: 'secret', secret: AUTH_SECRET } : { kind: 'open' }
}

const problem = (text: string): Parsed => ({ kind: 'usage', problem: text })
