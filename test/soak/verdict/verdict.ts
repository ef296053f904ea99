import type { JournalLine } from '../journal-lines.ts'
import type { Finding, Tally } from './finding.ts'
import { judgeHistory } from './judge-history.ts'
import { judgeMember } from './judge-member.ts'
import { judgeSends } from './judge-sends.ts'
import { judgeStore } from './judge-store.ts'
import { type Clocks, indexLog, type RoomLog } from './room-log.ts'
import type { StoredEntry } from './stored-entries.ts'

/** What there is to judge by, at the end of a soak. */
export type Evidence = {
  /** Everything that was ever in the log: what is there now, and what has expired and was removed. */
  readonly entries: readonly StoredEntry[]
  /** What the clients saw, each client's lines in their order. */
  readonly lines: readonly JournalLine[]
  readonly clocks: Clocks
}

export type Verdict = {
  readonly total: Tally
  readonly byClient: ReadonlyMap<string, Tally>
  readonly byRoom: ReadonlyMap<string, Tally>
  /** Sends without an outcome. */
  readonly unsettled: number
  /** Sends with an error for an outcome, by its code. */
  readonly refused: Readonly<Record<string, number>>
  /** How often a room was complete again after a lost connection. */
  readonly recoveries: number
  /** How often the SDK began a room anew. */
  readonly resets: number
  /** How often a client came back with `since` over the protocol, and in how many of these something had expired. */
  readonly returns: { readonly count: number; readonly notRecovered: number }
  readonly pagings: number
  /** What is not as it should be, each in a line that says where to look. Empty: all is well. */
  readonly problems: readonly string[]
}

/** Holds what clients saw against what is stored. Pure: the same evidence gives the same verdict. */
export const judge = ({ entries, lines, clocks }: Evidence): Verdict => {
  const logs = indexLog(entries)
  const logOf = (roomId: string): RoomLog => logs.get(roomId) ?? emptyLog
  const perMember = Map.groupBy(lines, ({ client, roomId }) => `${client} ${roomId}`)
  const findings = [
    ...[...logs].flatMap(([roomId, log]) => judgeStore(roomId, log, clocks)),
    ...[...perMember.values()].flatMap((ofMember) => {
      const log = logOf(ofMember[0]?.roomId ?? '')
      return [...judgeMember(ofMember, log, clocks), ...judgeSends(ofMember, log)]
    }),
    ...lines.flatMap((line) => judgeHistory(line, logOf(line.roomId), clocks)),
  ]
  const ofKind = <Kind extends JournalLine['kind']>(kind: Kind) =>
    lines.filter((line): line is Extract<JournalLine, { kind: Kind }> => line.kind === kind)
  const returned = ofKind('returned')
  return {
    total: sum(findings),
    byClient: byName(findings, ({ client }) => client),
    byRoom: byName(findings, ({ roomId }) => roomId),
    unsettled: ofKind('unsettled').length,
    refused: countBy(ofKind('refused').map(({ code }) => code)),
    recoveries: ofKind('recovered').length,
    resets: ofKind('reset').length,
    returns: {
      count: returned.length,
      notRecovered: returned.filter(({ recovered }) => !recovered).length,
    },
    pagings: ofKind('paged').length,
    problems: findings.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
  }
}

const emptyLog: RoomLog = { at: () => undefined, epochs: [], entries: [] }

const tallyKeys = ['acked', 'stored', 'delivered', 'lost', 'doubled', 'outOfOrder'] as const

const sum = (findings: readonly Finding[]): Tally => {
  const total = { acked: 0, stored: 0, delivered: 0, lost: 0, doubled: 0, outOfOrder: 0 }
  for (const { counts = {} } of findings) {
    for (const key of tallyKeys) total[key] += counts[key] ?? 0
  }
  return total
}

const byName = (
  findings: readonly Finding[],
  nameOf: (finding: Finding) => string | undefined,
): ReadonlyMap<string, Tally> => {
  const groups = [...Map.groupBy(findings, nameOf)]
  return new Map(
    groups
      .flatMap(([name, group]) => (name === undefined ? [] : [[name, sum(group)] as const]))
      .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })),
  )
}

const countBy = (names: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, group]) => [name, group.length]))
