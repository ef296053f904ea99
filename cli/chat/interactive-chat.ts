import { ChatClientError } from '../../client/api/errors.ts'
import type { ChatMessage } from '../../client/api/types.ts'
import type { ChatClient } from '../../client/chat-client.ts'
import { errorLine, messageLines, noticeLine, type Paint, stateText } from './lines.ts'
import type { TerminalOptions } from './options.ts'
import { openScreen } from './screen.ts'
import { tellIfSlow } from './tell-if-slow.ts'

type Deps = {
  readonly client: ChatClient
  readonly options: TerminalOptions
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly paint: Paint
}

type Speaker = {
  readonly notice: (text: string) => void
  readonly fail: (error: ChatClientError) => void
  readonly show: (messages: readonly ChatMessage[]) => void
}

/** Chats at a terminal; resolves with the exit code. */
export const chatInteractively = async ({ client, options, input, output, paint }: Deps): Promise<number> => {
  const over = Promise.withResolvers<number>()
  let isOver = false

  const screen = openScreen({
    input,
    output,
    prompt: '> ',
    onLine: (line) => {
      if (line.trim() !== '') send(line).catch(over.reject)
    },
    onEnd: () => {
      isOver = true
      const unsent = client.unsent().length
      if (unsent > 0) speaker.notice(`Not known to be sent: ${unsent}`)
      over.resolve(unsent > 0 ? 1 : 0)
      client.close()
    },
  })
  const speaker: Speaker = {
    notice: (text) => screen.print(noticeLine(text, paint)),
    fail: (error) => screen.print(errorLine(error, paint)),
    show: (messages) => {
      for (const message of messages) screen.print(messageLines(message, new Date(), paint))
    },
  }
  /** Resolves with the first of several signs that the chat has ended. */
  const giveUp = (error: ChatClientError) => {
    if (isOver) return
    isOver = true
    speaker.fail(error)
    over.resolve(1)
    screen.close()
  }
  const send = async (content: string): Promise<void> => {
    if (client.state().status !== 'open') speaker.notice(`Will be sent with the next connection: ${content}`)
    // The reason of the end is printed once, not for every message.
    await failing(
      client.send(options.roomId, content),
      (error) => error.code !== 'closed' && speaker.fail(error),
    )
  }
  tellIfSlow({
    client,
    url: options.url,
    tell: (text) => {
      // A missing answer was reported already. Standard error would break the prompt.
      if (isFirstAttempt(client)) speaker.notice(text)
    },
  })
  listen(client, options, speaker, giveUp)
  await failing(enter(client, options, speaker), giveUp)
  return over.promise
}

const isFirstAttempt = (client: ChatClient): boolean => {
  const state = client.state()
  return state.status === 'connecting' && state.attempt === 1
}

const enter = async (client: ChatClient, { roomId, history }: TerminalOptions, { notice, show }: Speaker) => {
  const joining = client.joinRoom(roomId, { limit: Math.max(1, history) })
  const [{ userId }, { messages }] = await Promise.all([client.connect(), joining])
  show(history === 0 ? [] : messages)
  notice(`You are ${userId}, in ${roomId}. Ctrl-D leaves.`)
}

const listen = (
  client: ChatClient,
  { roomId, url }: TerminalOptions,
  { notice, fail, show }: Speaker,
  giveUp: (error: ChatClientError) => void,
) => {
  let before = client.state()
  client.on('state', (now) => {
    const text = stateText(before, now, url)
    if (text !== undefined) notice(text)
    before = now
  })
  client.on('message', ({ message }) => show([message]))
  client.on('recovered', ({ missed }) => notice(missed === 0 ? 'Nothing was missed' : `Caught up: ${missed}`))
  client.on('reset', ({ messages }) => {
    notice(`What came in between is lost to ${roomId}; these are its newest messages`)
    show(messages)
  })
  client.on('error', fail)
  client.on('left', ({ error }) => giveUp(error))
  client.on('state', (now) => {
    if (now.status === 'closed' && now.reason.code !== 'closed') giveUp(now.reason)
  })
}

/** Waits for a promise and prints a ChatClientError. @throws other errors, which are defects */
const failing = async (asked: Promise<unknown>, tell: (error: ChatClientError) => void): Promise<void> => {
  try {
    await asked
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    tell(error)
  }
}
