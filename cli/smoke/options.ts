import { randomBytes } from 'node:crypto'
import { type Parsed, parseArguments, problem } from '../arguments.ts'

/** Credentials of the two users. */
export type Identification =
  | { readonly kind: 'open' }
  /** Tokens of A and B, which may be the same. */
  | { readonly kind: 'tokens'; readonly tokens: readonly [string, string] }
  /** Secret with which the command signs HS256 tokens. */
  | { readonly kind: 'secret'; readonly secret: string }

/** Options of `npm run smoke`. */
export type SmokeOptions = {
  readonly url: string
  readonly roomId: string
  readonly identification: Identification
  /** Number of messages that each user sends. */
  readonly messages: number
  /** Time limit of each step, in ms. */
  readonly timeoutMs: number
}

/** Help text. */
export const usage = `Usage: npm run smoke -- URL [options]

Chats with two users through the deployment at URL (wss://… or ws://…) and prints a line for each step.

  --token JWT     the users' token; give it twice for one each; default: CHAT_TOKEN
  --secret S      signs tokens for two users with HS256; default: AUTH_SECRET. The command line shows it in process lists
                  (without any of these: open mode)
  --room ROOM     the room; default: smoke- and a random end
  --messages N    number of messages of each user, 1 to 1,000; default: 20
  --timeout S     time limit of each step in seconds, 1 to 600; default: 30
  --help          prints this text

Exit codes: 0 success, 1 failure, 2 invalid arguments.`

type Environment = Readonly<Record<string, string | undefined>>

/** Parses the arguments; an option takes precedence over the environment. */
export const parseOptions = (args: readonly string[], environment: Environment): Parsed<SmokeOptions> =>
  parseArguments(args, known, (values, positionals) => check(values, positionals, environment))

const known = {
  token: { type: 'string', multiple: true },
  secret: { type: 'string' },
  room: { type: 'string' },
  messages: { type: 'string', default: '20' },
  timeout: { type: 'string', default: '30' },
} as const

type Values = {
  readonly token?: readonly string[] | undefined
  readonly secret?: string | undefined
  readonly room?: string | undefined
  readonly messages: string
  readonly timeout: string
}

const check = (
  values: Values,
  positionals: readonly string[],
  environment: Environment,
): Parsed<SmokeOptions> => {
  const [url, ...others] = positionals
  const { token = [], secret, messages, timeout } = values
  const { room = `smoke-${randomBytes(4).toString('hex')}` } = values
  if (url === undefined || others.length > 0) return problem('Give one address: wss://…')
  if (!/^wss?:\/\//.test(url) || !URL.canParse(url)) {
    const meant = /^https?:\/\//.test(url) ? url.replace('http', 'ws') : 'ws://… or wss://…'
    return problem(`"${url}" is not the address of a server: ${meant}`)
  }
  if (url.includes('#')) return problem('The address of a WebSocket has no fragment: remove # and the rest.')
  if (!/^[A-Za-z0-9_.:-]{1,128}$/.test(room)) {
    return problem(`"${room}" is not a room id: use 1 to 128 letters, digits, and _ . : -.`)
  }
  if (token.length > 2) return problem('Give --token at most twice, once for each user.')
  if (token.length > 0 && secret !== undefined) return problem('Give --token or --secret, not both.')
  if (!isNumber(messages, 1000)) return problem('--messages takes a number from 1 to 1000.')
  if (!isNumber(timeout, 600)) return problem('--timeout takes a number from 1 to 600.')
  const identification = identificationOf(token, secret, environment)
  if (identification.kind === 'secret' && Buffer.byteLength(identification.secret) < 32) {
    return problem('The secret has fewer than 32 bytes, so no deployment accepts it.')
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
