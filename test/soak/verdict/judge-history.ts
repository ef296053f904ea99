import type { JournalLine, PagedLine, ReturnedLine } from '../journal-lines.ts'
import type { Finding } from './finding.ts'
import {
  type Clocks,
  firstDifference,
  isOver,
  mayHaveExpired,
  mustHaveExpired,
  type RoomLog,
} from './room-log.ts'

/** What a client read of a room whose history expires: contiguous down to the floor, and never a loss that is hidden. */
export const judgeHistory = (line: JournalLine, log: RoomLog, clocks: Clocks): readonly Finding[] => {
  if (line.kind !== 'paged' && line.kind !== 'returned') return []
  const problems = [
    ...judgeContents(line, log, clocks),
    ...judgeFloor(line, log, clocks),
    ...(line.kind === 'paged' ? judgePaging(line) : judgeReturn(line, log, clocks)),
  ]
  const { client, roomId } = line
  return problems.map((problem) => ({
    client,
    roomId,
    counts: problem.hidden === undefined ? {} : { lost: problem.hidden },
    problem: `${roomId}: ${client}: ${problem.what}`,
  }))
}

type Problem = {
  readonly what: string
  /** How many messages were kept from the client without a word. */
  readonly hidden?: number
}

const judgeContents = (line: PagedLine | ReturnedLine, log: RoomLog, clocks: Clocks): readonly Problem[] => {
  const { epoch, from, ids, askedAtMs } = line
  const different = firstDifference(log, line)
  const first = epoch === null ? undefined : log.at(epoch, from)
  return [
    ...(different === undefined
      ? []
      : [{ what: `read something else than is stored, at seq ${different} of ${epoch}` }]),
    ...(ids.length > 0 && mustHaveExpired(first, askedAtMs, clocks)
      ? [{ what: `read seq ${from} of ${epoch}, which had expired` }]
      : []),
  ]
}

const judgeFloor = (line: PagedLine | ReturnedLine, log: RoomLog, clocks: Clocks): readonly Problem[] => {
  const { epoch, floor, askedAtMs, answeredAtMs } = line
  if (epoch === null) return []
  const problems: Problem[] = []
  if (floor > 1 && !mayHaveExpired(log.at(epoch, floor - 1), answeredAtMs, clocks)) {
    problems.push({
      what: `was told the floor ${floor} of ${epoch}, though seq ${floor - 1} had not expired`,
      hidden: 1,
    })
  }
  if (mustHaveExpired(log.at(epoch, floor), askedAtMs, clocks)) {
    problems.push({ what: `was told the floor ${floor} of ${epoch}, which had expired` })
  }
  return problems
}

const judgePaging = ({ epoch, from, floor }: PagedLine): readonly Problem[] =>
  from <= floor
    ? []
    : [
        {
          what: `paged back to seq ${from} of ${epoch} and no further, where the floor is ${floor}`,
          hidden: from - floor,
        },
      ]

const judgeReturn = (line: ReturnedLine, log: RoomLog, clocks: Clocks): readonly Problem[] => {
  const { since, recovered, epoch, seq, from, ids, answeredAtMs } = line
  if (!recovered) {
    const isNewEpoch = since.epoch !== epoch && isOver(log, since.epoch)
    const next = since.epoch === null ? undefined : log.at(since.epoch, since.seq + 1)
    if (isNewEpoch || mayHaveExpired(next, answeredAtMs, clocks)) return []
    return [
      {
        what: `came back from seq ${since.seq} of ${since.epoch} and was told that something is missing, though nothing was`,
      },
    ]
  }
  const end = from + ids.length - 1
  const isWhole = since.epoch === epoch && from === since.seq + 1 && end >= seq
  if (isWhole) return []
  return [
    {
      what: `came back from seq ${since.seq} of ${since.epoch}, was told that nothing is missing, and got ${from} to ${end} of ${epoch}, with the head at ${seq}`,
      hidden: Math.max(0, from - since.seq - 1) + Math.max(0, seq - end),
    },
  ]
}
