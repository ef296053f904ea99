import { createInterface } from 'node:readline'
import { ChatClientError } from '../../client/api/errors.ts'
import type { ChatClient } from '../../client/chat-client.ts'
import { errorLine, makePaint } from './lines.ts'
import type { TerminalOptions } from './options.ts'
import { tellIfSlow } from './tell-if-slow.ts'

type Deps = {
  readonly client: ChatClient
  readonly options: Pick<TerminalOptions, 'roomId' | 'url'>
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly errors: NodeJS.WritableStream
  /** A server that has not let us in by then is given up. */
  readonly patienceMs: number
}

/** Sends every line of the input, and resolves with the exit code once each is stored or refused. */
export const sendLines = async (deps: Deps): Promise<number> => {
  const { client, options, input, output, errors, patienceMs } = deps
  const tell = (error: unknown): void => {
    if (!(error instanceof ChatClientError)) throw error
    errors.write(`${errorLine(error, paint)}\n`)
  }
  tellIfSlow({ client, url: options.url, tell: (text) => errors.write(`${text}\n`) })
  const impatience = setTimeout(client.close, patienceMs)
  try {
    await Promise.all([client.connect(), client.joinRoom(options.roomId, { limit: 1 })])
  } catch (error) {
    if (isImpatience(error)) errors.write(`! ${options.url} does not answer\n`)
    else tell(error)
    client.close()
    return 1
  } finally {
    clearTimeout(impatience)
  }

  const sending: Promise<PromiseSettledResult<unknown>[]>[] = []
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') sending.push(Promise.allSettled([client.send(options.roomId, line)]))
  }
  const outcomes = (await Promise.all(sending)).flat()
  client.close()
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  for (const failure of failures) tell(failure)
  output.write(`Sent ${outcomes.length - failures.length} of ${outcomes.length} to ${options.roomId}\n`)
  return failures.length === 0 ? 0 : 1
}

const paint = makePaint(false)

const isImpatience = (error: unknown): boolean => error instanceof ChatClientError && error.code === 'closed'
