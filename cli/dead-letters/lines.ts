import type { DeadLetter, DeadLetterSummary } from '../../adapters/rabbitmq/dead-letter.ts'
import { parseJson } from '../../protocol/parse-json.ts'

/** Formats dead letters as a table, one line each, below a line of headings. */
export const tableOf = (letters: readonly DeadLetterSummary[]): string => {
  const rows = [headings, ...letters.map(cellsOf)]
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Formats summaries as JSON. */
export const listAsJson = (letters: readonly DeadLetterSummary[]): string =>
  jsonText(letters.map(({ atMs, ...rest }) => ({ ...rest, setAsideAt: timeOf(atMs) })))

/** Formats a complete record; a body that is JSON becomes part of the JSON. */
export const recordText = ({ id, atMs, reason, bytes, messageId, body }: DeadLetter): string =>
  jsonText({ id, setAsideAt: timeOf(atMs), reason, bytes, messageId, record: parseJson(body) ?? body })

/** Names a record by id, room and seqs. */
export const nameOf = ({ id, roomId, from, to }: DeadLetterSummary): string =>
  roomId === null ? id : `${id} (${onOneLine(roomId)} ${seqsOf(from, to)})`

const headings = ['ID', 'SINCE', 'JOB', 'ROOM', 'EPOCH', 'SEQS', 'ATTEMPT', 'BYTES', 'REASON']

const cellsOf = ({ id, atMs, reason, bytes, kind, roomId, epoch, from, to, attempt }: DeadLetterSummary) => [
  id,
  timeOf(atMs) ?? none,
  kind ?? 'unknown',
  onOneLine(roomId ?? none),
  onOneLine(epoch ?? none),
  seqsOf(from, to),
  String(attempt ?? none),
  String(bytes),
  onOneLine(reason),
]

const none = '-'

const seqsOf = (from: number | null, to: number | null): string =>
  from === null || to === null ? none : from === to ? String(from) : `${from}-${to}`

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

/** Removes control characters, because records may contain anything and must not control the terminal. */
const onOneLine = (text: string): string => text.toWellFormed().replaceAll(/\p{C}/gu, '\ufffd')

const jsonText = (value: unknown): string =>
  JSON.stringify(value, null, 2).replaceAll(/[^\P{C}\n]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
