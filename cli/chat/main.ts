import { makeChatClient } from '../../client/chat-client.ts'
import { printUsage } from '../arguments.ts'
import { chatInteractively } from './interactive-chat.ts'
import { makePaint } from './lines.ts'
import { parseOptions, type TerminalOptions, usage } from './options.ts'
import { sendLines } from './piped-chat.ts'

const { stdin, stdout, stderr, env } = process

/** Time limit of connecting when the input is a pipe, in ms (our choice). */
const patienceMs = 20_000

const chat = (options: TerminalOptions): Promise<number> => {
  const { url, user, token, authCheckUrl } = options
  const client = makeChatClient({
    url,
    ...(authCheckUrl !== undefined && { authCheckUrl }),
    ...(token !== undefined ? { getToken: () => token } : user !== undefined && { userId: user }),
  })
  if (!stdin.isTTY || !stdout.isTTY) {
    return sendLines({ client, options, input: stdin, output: stdout, errors: stderr, patienceMs })
  }
  const paint = makePaint(env.NO_COLOR === undefined && env.TERM !== 'dumb')
  return chatInteractively({ client, options, input: stdin, output: stdout, paint })
}

const parsed = parseOptions(process.argv.slice(2), env.CHAT_TOKEN)
if (parsed.kind === 'options') process.exitCode = await chat(parsed.options)
else process.exitCode = printUsage(usage, parsed)
