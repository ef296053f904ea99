import type { ChatClientError } from '../../client/api/errors.ts'
import type { ChatMessage, ConnectionState } from '../../client/api/types.ts'
import { printable, printableLine } from './printable.ts'

/** Adds colour to a text, or returns it unchanged. */
export type Paint = (style: Style, text: string) => string
export type Style = 'dim' | 'bold' | 'red' | (typeof nameStyles)[number]

const nameStyles = ['cyan', 'green', 'yellow', 'magenta', 'blue'] as const

const codes: { readonly [style in Style]: string } = {
  dim: '2',
  bold: '1',
  red: '31',
  green: '32',
  yellow: '33',
  blue: '34',
  magenta: '35',
  cyan: '36',
}

/** Creates `Paint`, with or without colours. */
export const makePaint =
  (inColour: boolean): Paint =>
  (style, text) =>
    inColour ? `\u001b[${codes[style]}m${text}\u001b[0m` : text

/** Formats a message as lines for a terminal; lines after the first are indented. */
export const messageLines = (message: ChatMessage, now: Date, paint: Paint): string => {
  const { sender, content, sentAt } = message
  const name = printableLine(sender.name ?? sender.userId)
  const text = printable(content).replaceAll('\n', '\n      ')
  return `${paint('dim', timeOf(sentAt, now))} ${paint(styleOf(sender.userId), name)}: ${text}`
}

/** Formats a line about the chat itself. */
export const noticeLine = (text: string, paint: Paint): string => paint('dim', `* ${text}`)

/** Formats an error as one line. */
export const errorLine = ({ code, status, message }: ChatClientError, paint: Paint): string =>
  paint('red', `! ${printableLine(message, 300)} (${status === undefined ? '' : `${status} `}${code})`)

/** Describes a change of state; undefined if it needs no line. */
export const stateText = (before: ConnectionState, now: ConnectionState, url: string): string | undefined => {
  if (now.status === 'offline' && before.status === 'connecting') {
    return before.attempt === 1 ? `${url} does not answer; trying again` : undefined
  }
  if (now.status === 'offline') return 'The connection was lost; trying again'
  if (now.status === 'resuming') return 'Connected again'
  return undefined
}

const timeOf = (sentAt: string, now: Date): string => {
  const sent = new Date(sentAt)
  const time = `${twoDigits(sent.getHours())}:${twoDigits(sent.getMinutes())}`
  if (sent.toDateString() === now.toDateString()) return time
  return `${sent.getFullYear()}-${twoDigits(sent.getMonth() + 1)}-${twoDigits(sent.getDate())} ${time}`
}

const twoDigits = (value: number): string => String(value).padStart(2, '0')

const styleOf = (userId: string): Style => {
  let sum = 0
  for (const character of userId) sum += character.codePointAt(0) ?? 0
  return nameStyles[sum % nameStyles.length] ?? 'bold'
}
