import { parseArgs } from 'node:util'

export type TerminalOptions = {
  readonly url: string
  readonly roomId: string
  /** Who sends the messages; in open mode only. */
  readonly user: string | undefined
  readonly token: string | undefined
  /** Where to ask why a connection was refused. Undefined: `/auth-check` on the server's host. */
  readonly authCheckUrl: string | undefined
  /** How many earlier messages to show. */
  readonly history: number
}

/** `usage`: nothing is to be done but to print it; with a problem if that was not what was asked for. */
export type Parsed =
  | { readonly kind: 'options'; readonly options: TerminalOptions }
  | { readonly kind: 'usage'; readonly problem: string | undefined }

export const usage = `Usage: npm run chat -- --room ROOM --user NAME [--url URL]
       npm run chat -- --room ROOM --token JWT [--url URL]

  --room ROOM     the room to enter
  --user NAME     who you are, where the server asks for no token
  --token JWT     your token; CHAT_TOKEN in the environment does as well
  --url URL       the server; ws://localhost:8080/ if you name none
  --auth-check-url URL  where to ask why it was refused; a deployment on AWS prints it as AuthCheckUrl
  --history N     how many earlier messages to show, 0 to 500; 20 if you say nothing
  --help          this

Write a line and press Enter to send it; Ctrl-D leaves. If the input is not a terminal, every line of it
is sent, and the program ends when all of them are stored.
Exit codes: 0 all went well, 1 it did not, 2 the arguments make no sense.`

export const parseOptions = (args: readonly string[], tokenFromEnvironment: string | undefined): Parsed => {
  try {
    const { values } = parseArgs({ args: [...args], options: known, allowPositionals: false })
    if (values.help) return { kind: 'usage', problem: undefined }
    return check({ ...values, token: values.token ?? tokenFromEnvironment })
  } catch (error) {
    // What parseArgs throws for arguments that it does not know; anything else is a defect.
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      return problem(error.message)
    }
    throw error
  }
}

const known = {
  room: { type: 'string' },
  user: { type: 'string' },
  token: { type: 'string' },
  url: { type: 'string', default: 'ws://localhost:8080/' },
  'auth-check-url': { type: 'string' },
  history: { type: 'string', default: '20' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Values = {
  readonly room?: string | undefined
  readonly user?: string | undefined
  readonly token?: string | undefined
  readonly url: string
  readonly 'auth-check-url'?: string | undefined
  readonly history: string
}

const check = ({ room, user, token, url, 'auth-check-url': authCheckUrl, history }: Values): Parsed => {
  if (room === undefined) return problem('Name a room: --room general')
  if (!/^[A-Za-z0-9_.:-]{1,128}$/.test(room)) {
    return problem(`"${room}" cannot be a room: 1 to 128 letters, digits, and _ . : - make one.`)
  }
  if (token === undefined && user === undefined) return problem('Say who you are: --user ada, or --token …')
  if (user !== undefined && !/^\P{C}{1,128}$/u.test(user)) {
    return problem('A user has 1 to 128 printable characters.')
  }
  if (!/^wss?:\/\//.test(url) || !URL.canParse(url)) {
    return problem(`"${url}" is not the address of a server: ws://… or wss://…`)
  }
  if (url.includes('#'))
    return problem('The address of a server has no fragment: leave out # and what follows.')
  if (authCheckUrl !== undefined && !(/^https?:\/\//.test(authCheckUrl) && URL.canParse(authCheckUrl))) {
    return problem(`"${authCheckUrl}" is no place to ask: https://…`)
  }
  if (!/^\d{1,3}$/.test(history) || Number(history) > 500) {
    return problem('--history takes a number from 0 to 500.')
  }
  return {
    kind: 'options',
    options: { url, roomId: room, user, token, authCheckUrl, history: Number(history) },
  }
}

const problem = (text: string): Parsed => ({ kind: 'usage', problem: text })
