import type { Cursor } from '../../../protocol/client-frames.ts'
import type { JournalLine, LeftLine, MessagesLine, PageLine, Stretch } from '../journal-lines.ts'
import type { Finding, Tally } from './finding.ts'
import {
  type Clocks,
  countAfter,
  countDifferences,
  firstDifference,
  isOver,
  mayHaveExpired,
  type RoomLog,
} from './room-log.ts'

/** Where a client stands in a room; undefined: it is not in it. */
type Standing = Cursor | undefined

/**
 * What the SDK handed over to one client of one room: from the first page on, everything that is stored, once and in
 * order, up to the room's end, unless the client left.
 */
export const judgeMember = (
  lines: readonly JournalLine[],
  log: RoomLog,
  clocks: Clocks,
): readonly Finding[] => {
  const findings: Finding[] = []
  let standing: Standing
  for (const line of lines) {
    findings.push(...judgeLine(line, standing, log, clocks).map((judgement) => findingOf(line, judgement)))
    standing = standingAfter(line, standing)
  }
  const [first] = lines
  return first === undefined
    ? []
    : [...findings, ...judgeEnd(standing, log).map((judgement) => findingOf(first, judgement))]
}

type Judgement = { readonly counts: Partial<Tally>; readonly problem?: string }

const findingOf = ({ client, roomId }: JournalLine, { counts, problem }: Judgement): Finding => ({
  client,
  roomId,
  counts,
  ...(problem !== undefined && { problem: `${roomId}: ${client}: ${problem}` }),
})

const judgeLine = (
  line: JournalLine,
  standing: Standing,
  log: RoomLog,
  clocks: Clocks,
): readonly Judgement[] => {
  switch (line.kind) {
    case 'left':
      return judgeLeft(line, standing, log)
    case 'page':
    case 'reset':
      return [...judgePage(line, standing, log, clocks), ...judgeContents(line, log)]
    case 'messages':
      return [...judgeStep(line, standing), ...judgeContents(line, log)]
    default:
      return []
  }
}

const standingAfter = (line: JournalLine, standing: Standing): Standing => {
  switch (line.kind) {
    case 'left':
      return undefined
    case 'page':
    case 'reset':
      return { epoch: line.epoch, seq: endOf(line) }
    case 'messages':
      return {
        epoch: line.epoch,
        seq: standing?.epoch === line.epoch ? Math.max(standing.seq, endOf(line)) : endOf(line),
      }
    default:
      return standing
  }
}

const endOf = ({ from, ids }: Stretch): number => from + ids.length - 1

/** Of its own will a client may leave at any time. */
const judgeLeft = ({ code }: LeftLine, standing: Standing, log: RoomLog): readonly Judgement[] =>
  code === undefined || standing === undefined
    ? []
    : [{ counts: { lost: countAfter(log, standing) }, problem: `was put out of the room: ${code}` }]

const judgeContents = (line: PageLine | MessagesLine, log: RoomLog): readonly Judgement[] => {
  const different = countDifferences(log, line)
  const delivered: Judgement = { counts: { delivered: line.ids.length } }
  if (different === 0) return [delivered]
  const problem = `was handed something else than is stored, from seq ${firstDifference(log, line)} of ${line.epoch} on`
  return [delivered, { counts: { outOfOrder: different }, problem }]
}

const judgeEnd = (standing: Standing, log: RoomLog): readonly Judgement[] => {
  const missing = standing === undefined ? 0 : countAfter(log, standing)
  if (standing === undefined || missing === 0) return []
  const problem = `stands at seq ${standing.seq} of ${standing.epoch}, and ${missing} more are stored`
  return [{ counts: { lost: missing }, problem }]
}

const judgeStep = ({ epoch, from, ids }: MessagesLine, standing: Standing): readonly Judgement[] => {
  const handed = `was handed seq ${from} of ${epoch}`
  if (standing === undefined) {
    return [{ counts: { outOfOrder: ids.length }, problem: `${handed} outside the room` }]
  }
  const after = `at seq ${standing.seq} of ${standing.epoch}`
  // A room that had no message begins with the first of whatever epoch.
  const due = standing.epoch === null ? 1 : standing.seq + 1
  if (standing.epoch !== null && standing.epoch !== epoch) {
    return [{ counts: { outOfOrder: 1 }, problem: `${handed} ${after}` }]
  }
  if (from === due) return []
  return from < due
    ? [{ counts: { doubled: Math.min(ids.length, due - from) }, problem: `${handed} again, ${after}` }]
    : [{ counts: { outOfOrder: 1, lost: from - due }, problem: `${handed} ${after}` }]
}

/** A first page may begin anywhere. One in the place of what was there must not hide what had not expired. */
const judgePage = (
  { kind, atMs, epoch, from }: PageLine,
  standing: Standing,
  log: RoomLog,
  clocks: Clocks,
): readonly Judgement[] => {
  if (kind === 'page' || standing === undefined || standing.epoch === null) return []
  if (standing.epoch !== epoch && isOver(log, standing.epoch)) return []
  if (mayHaveExpired(log.at(standing.epoch, standing.seq + 1), atMs, clocks)) return []
  const problem = `was told to begin anew at seq ${from} of ${epoch}, at seq ${standing.seq} of ${standing.epoch}, though nothing after it had expired`
  const hidden = standing.epoch === epoch ? Math.max(0, from - standing.seq - 1) : 0
  return [{ counts: { lost: hidden }, problem }]
}
