import { faultKinds } from './faults/fault.ts'
import type { SoakRun } from './soak.ts'
import type { Tally } from './verdict/finding.ts'

/** What is wrong with a run, each in a line; none: the chat has kept its promises, and the run did enough to say so. */
export const problemsOf = (run: SoakRun): readonly string[] => {
  const { verdict, faults, crashes, behind, defects, activity } = run
  const { total, unsettled, refused, problems } = verdict
  const neverHappened = faultKinds.filter((kind) => {
    const planned = faults.filter(({ fault }) => fault.kind === kind)
    return planned.length > 0 && !planned.some(({ happened }) => happened)
  })
  return [
    ...problems,
    ...(unsettled > 0 ? [`${unsettled} sends have no outcome`] : []),
    ...(total.acked > 0 && total.delivered > 0 ? [] : ['Nothing was sent and delivered']),
    ...behind.map((who) => `${who}, long after the last fault`),
    ...Object.entries(defects).map(
      ([what, count]) => `An error that no fault explains, ${count} times: ${what}`,
    ),
    ...Object.entries(refused)
      .filter(([code]) => !passingRefusals.includes(code))
      .map(([code, count]) => `${count} ordinary sends were refused with ${code}`),
    ...(activity.splitRooms > 0 ? [] : ['No room was served in parts']),
    ...(crashes > 0 ? [`Gateways ended by themselves, ${crashes} times`] : []),
    ...neverHappened.map((kind) => `The fault ${kind} was planned and never happened`),
  ]
}

/** A client that was away for long cannot always be told whether its message was stored: it is told that. */
const passingRefusals = ['stale_cursor']

const columns = ['acked', 'stored', 'delivered', 'lost', 'doubled', 'outOfOrder'] as const
const headings = ['acked', 'stored', 'delivered', 'lost', 'doubled', 'out of order']

/** The verdict as a table, by client and by room. */
export const tableOf = ({ verdict }: SoakRun): string => {
  const rows = [
    ['client', ...headings],
    ...rowsOf(verdict.byClient),
    [],
    ['room', ...headings],
    ...rowsOf(verdict.byRoom),
    ['all', ...cells(verdict.total)],
  ]
  const widths = ['', ...columns].map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows
    .map((row) => row.map((cell, index) => pad(cell, widths[index] ?? 0, index)).join('  '))
    .join('\n')
}

const rowsOf = (tallies: ReadonlyMap<string, Tally>): string[][] =>
  [...tallies].map(([name, tally]) => [name, ...cells(tally)])

const cells = (tally: Tally): string[] => columns.map((column) => String(tally[column]))

const pad = (cell: string, width: number, index: number): string =>
  index === 0 ? cell.padEnd(width) : cell.padStart(width)

/** What happened beside the table, in a few lines. */
export const summaryOf = (run: SoakRun): string => {
  const { store, verdict, faults, seconds, settledAfterSeconds, removedEntries } = run
  const { total, recoveries, resets, returns, pagings, refused } = verdict
  return [
    `Faults: ${listOf(countKinds(faults)) || 'none'}`,
    `What they came to: ${listOf(run.faultCounts)}`,
    `Clients came back to a room ${recoveries} times, and began anew ${resets} times. Sends refused: ${listOf(refused) || 'none'}`,
    `Connections opened ${run.activity.openedConnections} times, rooms that became large ${run.activity.splitRooms} times`,
    `History that expires: ${removedEntries} messages removed, ${pagings} times paged back to the floor, ${returns.count} times come back with since, ${returns.notRecovered} of them told that something is missing`,
    `Errors in the gateways' logs that no fault explains: ${listOf(run.defects) || 'none'}`,
    `On ${store}: ${total.acked} acked, ${total.stored} stored, ${total.delivered} delivered, ${total.lost} lost, ${total.doubled} doubled, ${total.outOfOrder} out of order; ${perSecond(total.acked, seconds)} acked and ${perSecond(total.delivered, seconds)} delivered a second over ${seconds.toFixed(0)} s; at rest after ${settledAfterSeconds.toFixed(1)} s`,
  ].join('\n')
}

/** How often each kind of fault happened. */
export const countKinds = (faults: SoakRun['faults']): Readonly<Record<string, number>> =>
  Object.fromEntries(
    faultKinds
      .filter((kind) => faults.some(({ fault }) => fault.kind === kind))
      .map((kind) => [kind, faults.filter(({ fault, happened }) => fault.kind === kind && happened).length]),
  )

const listOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

const perSecond = (count: number, seconds: number): string => (count / seconds).toFixed(0)

/** For `--report`. */
export const jsonOf = (run: SoakRun) => ({
  ...run,
  verdict: {
    ...run.verdict,
    byClient: Object.fromEntries(run.verdict.byClient),
    byRoom: Object.fromEntries(run.verdict.byRoom),
  },
  problems: problemsOf(run),
  faultKinds: countKinds(run.faults),
  faults: run.faults.map(({ fault, ...planned }) => ({ kind: fault.kind, name: fault.name, ...planned })),
})
