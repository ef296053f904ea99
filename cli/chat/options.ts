import { type Parsed, parseArguments, problem, unexpected } from '../arguments.ts'

/** Options of `npm run chat`. */
export type TerminalOptions = {
  readonly url: string
  readonly roomId: string
  /** User id, in open mode only. */
  readonly user: string | undefined
  readonly token: string | undefined
  /** Endpoint that tells why a connection was refused; undefined means `/auth-check` on the server's host. */
  readonly authCheckUrl: string | undefined
  /** Number of earlier messages to show. */
  readonly history: number
}

/** Help text. */
export const usage = `Usage: npm run chat -- --room ROOM --user NAME [--url URL]
       npm run chat -- --room ROOM --token JWT [--url URL]

  --room ROOM     the room to enter
  --user NAME     your user id, if the server asks for no token
  --token JWT     your token; default: CHAT_TOKEN
  --url URL       the server; default: ws://localhost:8080/
  --auth-check-url URL  tells why a connection was refused; a deployment on AWS prints it as AuthCheckUrl
  --history N     number of earlier messages to show, 0 to 500; default: 20
  --help          prints this text

Write a line and press Enter to send it. Ctrl-D leaves. If the input is not a terminal, the program sends each
line and ends when all are stored.
Exit codes: 0 success, 1 failure, 2 invalid arguments.`

/** Parses the arguments; an option takes precedence over the environment. */
export const parseOptions = (
  args: readonly string[],
  tokenFromEnvironment: string | undefined,
): Parsed<TerminalOptions> =>
  parseArguments(args, known, (values, positionals) => {
    const extra = unexpected(positionals)
    return extra === undefined
      ? check({ ...values, token: values.token ?? tokenFromEnvironment })
      : problem(extra)
  })

const known = {
  room: { type: 'string' },
  user: { type: 'string' },
  token: { type: 'string' },
  url: { type: 'string', default: 'ws://localhost:8080/' },
  'auth-check-url': { type: 'string' },
  history: { type: 'string', default: '20' },
} as const

type Values = {
  readonly room?: string | undefined
  readonly user?: string | undefined
  readonly token?: string | undefined
  readonly url: string
  readonly 'auth-check-url'?: string | undefined
  readonly history: string
}

const check = ({
  room,
  user,
  token,
  url,
  'auth-check-url': authCheckUrl,
  history,
}: Values): Parsed<TerminalOptions> => {
  if (room === undefined) return problem('Name a room: --room general')
  if (!/^[A-Za-z0-9_.:-]{1,128}$/.test(room)) {
    return problem(`"${room}" is not a room id: use 1 to 128 letters, digits, and _ . : -.`)
  }
  if (token === undefined && user === undefined)
    return problem('Give a user or a token: --user ada, or --token …')
  if (user !== undefined && !/^\P{C}{1,128}$/u.test(user)) {
    return problem('A user id has 1 to 128 printable characters.')
  }
  if (!/^wss?:\/\//.test(url) || !URL.canParse(url)) {
    return problem(`"${url}" is not the address of a server: ws://… or wss://…`)
  }
  if (url.includes('#')) return problem('The address of a server has no fragment: remove # and the rest.')
  if (authCheckUrl !== undefined && !(/^https?:\/\//.test(authCheckUrl) && URL.canParse(authCheckUrl))) {
    return problem(`"${authCheckUrl}" is not a URL: https://…`)
  }
  if (!/^\d{1,3}$/.test(history) || Number(history) > 500) {
    return problem('--history takes a number from 0 to 500.')
  }
  return {
    kind: 'options',
    options: { url, roomId: room, user, token, authCheckUrl, history: Number(history) },
  }
}
