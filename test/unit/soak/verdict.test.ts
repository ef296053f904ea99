import { describe, expect, it } from 'vitest'
import type { JournalLine } from '../../soak/journal-lines.ts'
import type { StoredEntry } from '../../soak/verdict/stored-entries.ts'
import { judge, type Verdict } from '../../soak/verdict/verdict.ts'

// A soak is worth what its verdict would notice: each of these breaks one promise.

const nowMs = Date.UTC(2026, 10, 22)
const minuteMs = 60_000
const ada = { client: 'ada', roomId: 'general' }

const entry = (position: number, fields: Partial<StoredEntry> = {}): StoredEntry => ({
  roomId: 'general',
  position,
  epoch: 'e1',
  seq: position,
  messageId: `m${position}`,
  clientMessageId: `ada.general.${position}`,
  userId: 'ada',
  sentAtMs: nowMs,
  expiresAtMs: undefined,
  ...fields,
})

const entries = (count: number, fields: Partial<StoredEntry> = {}): StoredEntry[] =>
  Array.from({ length: count }, (_, index) => entry(index + 1, fields))

const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `m${from + index}`)

const stretch = (from: number, to: number, epoch = 'e1') => ({ epoch, from, ids: ids(from, to) })
const page = (from: number, to: number, epoch = 'e1'): JournalLine => ({
  ...ada,
  kind: 'page',
  atMs: nowMs,
  ...stretch(from, to, epoch),
})
const reset = (from: number, to: number, epoch = 'e1'): JournalLine => ({
  ...ada,
  kind: 'reset',
  atMs: nowMs,
  ...stretch(from, to, epoch),
})
const messages = (from: number, to: number, epoch = 'e1'): JournalLine => ({
  ...ada,
  kind: 'messages',
  ...stretch(from, to, epoch),
})
const acked = (n: number, fields: object = {}): JournalLine => ({
  ...ada,
  kind: 'acked',
  atMs: nowMs,
  clientMessageId: `ada.general.${n}`,
  epoch: 'e1',
  seq: n,
  messageId: `m${n}`,
  ...fields,
})

const clocks = { aheadMs: 0, behindMs: 0 }
const judged = (stored: readonly StoredEntry[], ...lines: readonly JournalLine[]): Verdict =>
  judge({ entries: stored, lines, clocks })

describe('the verdict of a soak', () => {
  it('finds nothing where everything arrived once and in order, however it came', () => {
    const verdict = judged(entries(6), page(2, 3), messages(4, 4), messages(5, 6), acked(5), acked(6))
    expect(verdict).toMatchObject({ problems: [], unsettled: 0 })
    expect(verdict.total).toEqual({ acked: 2, stored: 6, delivered: 5, lost: 0, doubled: 0, outOfOrder: 0 })
  })

  it.each<[string, readonly StoredEntry[], readonly JournalLine[], object, RegExp]>([
    ['acknowledged and not stored', entries(2), [acked(3)], { lost: 1 }, /ada\.general\.3 was acknowledged/],
    [
      'acknowledged at the place of another',
      entries(2),
      [acked(2, { messageId: 'm9' })],
      { lost: 1 },
      /not stored there/,
    ],
    [
      'stored and not handed over',
      entries(4),
      [page(1, 1), messages(2, 2)],
      { lost: 2 },
      /2 more are stored/,
    ],
    [
      'skipped',
      entries(5),
      [page(1, 1), messages(2, 2), messages(4, 5)],
      { lost: 1, outOfOrder: 1 },
      /handed seq 4 of e1 at seq 2/,
    ],
    [
      'handed over twice',
      entries(3),
      [page(1, 1), messages(2, 3), messages(3, 3)],
      { doubled: 1 },
      /handed seq 3 of e1 again/,
    ],
    [
      'stored twice',
      [entry(1), entry(2, { clientMessageId: 'ada.general.1' })],
      [],
      { doubled: 1 },
      /stored 2 times, as seq 1, 2/,
    ],
    [
      'handed over in another order than stored',
      entries(3),
      [page(1, 1), { ...messages(2, 3), ids: ['m3', 'm2'] } as JournalLine],
      { outOfOrder: 2 },
      /something else than is stored, from seq 2/,
    ],
    [
      'stored out of the order of its sends',
      [entry(1, { clientMessageId: 'ada.general.2' }), entry(2, { clientMessageId: 'ada.general.1' })],
      [acked(1, { clientMessageId: 'ada.general.2' }), acked(2, { clientMessageId: 'ada.general.1' })],
      { outOfOrder: 1 },
      /stored before/,
    ],
    ['a hole in the log', [entry(1), entry(3)], [], { outOfOrder: 1 }, /seq 3 of e1 stands at position 3/],
    [
      'an overlap in the log',
      [entry(1), entry(2, { position: 1, seq: 1, messageId: 'other' })],
      [],
      { outOfOrder: 1 },
      /position 1, after position 1/,
    ],
    [
      'handed over outside the room',
      entries(2),
      [page(1, 1), { ...ada, kind: 'left', atMs: nowMs }, messages(2, 2)],
      { outOfOrder: 1 },
      /outside the room/,
    ],
    [
      'out of the room without having asked',
      entries(3),
      [page(1, 1), { ...ada, kind: 'left', atMs: nowMs, code: 'forbidden' }],
      { lost: 2 },
      /put out of the room: forbidden/,
    ],
    [
      'begun anew though nothing had expired',
      entries(5),
      [page(1, 1), reset(4, 5)],
      { lost: 2 },
      /begin anew at seq 4/,
    ],
    [
      'what must never be',
      entries(1),
      [{ ...ada, kind: 'wrong', what: 'the content is not what was sent' }],
      {},
      /not what was sent/,
    ],
  ])('finds what is %s', (_, stored, lines, counts, problem) => {
    const verdict = judged(stored, ...lines)
    expect(verdict.problems.join('\n')).toMatch(problem)
    expect(verdict.total).toMatchObject({ lost: 0, doubled: 0, outOfOrder: 0, ...counts })
    expect(verdict.byRoom.get('general')).toEqual(verdict.total)
  })

  it('asks for nothing after a client has left', () => {
    expect(judged(entries(3), page(1, 1), { ...ada, kind: 'left', atMs: nowMs }).problems).toEqual([])
  })

  it('counts sends without an outcome, and those that were refused by why', () => {
    const verdict = judged(
      entries(1),
      { ...ada, kind: 'unsettled', clientMessageId: 'ada.general.7' },
      { ...ada, kind: 'refused', clientMessageId: 'ada.general.8', code: 'stale_cursor' },
    )
    expect(verdict).toMatchObject({ unsettled: 1, refused: { stale_cursor: 1 } })
  })
})

describe('the verdict on a history that expires', () => {
  // Two have expired, the third does within the minute, the others do not.
  const expiring = [
    ...entries(2, { expiresAtMs: nowMs - minuteMs }),
    entry(3, { expiresAtMs: nowMs + minuteMs / 2 }),
    entry(4, { expiresAtMs: nowMs + 60 * minuteMs }),
    entry(5, { expiresAtMs: nowMs + 60 * minuteMs }),
  ]
  const span = { askedAtMs: nowMs, answeredAtMs: nowMs + 10 }
  const returned = (seq: number, answer: object): JournalLine => ({
    ...ada,
    ...span,
    kind: 'returned',
    since: { epoch: 'e1', seq },
    seq: 5,
    floor: 3,
    recovered: true,
    ...stretch(seq + 1, 5),
    ...answer,
  })
  const paged = (fields: object): JournalLine => ({
    ...ada,
    ...span,
    kind: 'paged',
    floor: 3,
    ...stretch(3, 5),
    ...fields,
  })
  const problemsWith = (line: JournalLine, aheadMs = 0) =>
    judge({ entries: expiring, lines: [line], clocks: { ...clocks, aheadMs } }).problems

  it('finds nothing where all that is left was read, or something missing was told of', () => {
    expect(problemsWith(returned(2, {}))).toEqual([])
    expect(problemsWith(returned(1, { recovered: false, ...stretch(3, 5) }))).toEqual([])
    expect(problemsWith(paged({}))).toEqual([])
  })

  it('goes by the clock that is ahead, if one is', () => {
    const answer = returned(2, { recovered: false, floor: 4, ...stretch(4, 5) })
    expect(problemsWith(answer, minuteMs)).toEqual([])
    expect(problemsWith(answer)).not.toEqual([])
    expect(problemsWith(paged({ floor: 4, ...stretch(4, 5) }), minuteMs)).toEqual([])
  })

  it.each<[string, JournalLine, RegExp]>([
    [
      'is told that something is missing, though nothing was',
      returned(3, { recovered: false, ...stretch(4, 5) }),
      /though nothing was/,
    ],
    [
      'is told that nothing is missing, though something was',
      returned(1, stretch(3, 5)),
      /that nothing is missing, and got 3 to 5/,
    ],
    ['is not given all of it', returned(2, stretch(3, 4)), /with the head at 5/],
    ['reads what has expired', paged({ floor: 2, ...stretch(2, 5) }), /which had expired/],
    [
      'is told a floor that is too high',
      paged({ floor: 4, ...stretch(4, 5) }),
      /floor 4 of e1, though seq 3/,
    ],
    ['cannot page back to the floor', paged(stretch(4, 5)), /no further, where the floor is 3/],
    ['reads something else', paged({ ids: ['m3', 'm9', 'm5'] }), /something else than is stored, at seq 4/],
  ])('finds a client that %s', (_, line, problem) => {
    expect(problemsWith(line).join('\n')).toMatch(problem)
  })

  it('finds an epoch that ended before its time', () => {
    const first = entries(2, { expiresAtMs: nowMs + 90 * minuteMs })
    const stored = [...first, entry(3, { epoch: 'e2', seq: 1 })]
    expect(judged(stored).problems.join()).toMatch(/e2 began when the last message of e1 had 90 minutes left/)
  })

  it('takes a new epoch for a reason to begin anew, and asks for all of it', () => {
    const next = [1, 2].map((seq) => entry(5 + seq, { epoch: 'e2', seq }))
    const stored = [...entries(5, { expiresAtMs: nowMs + minuteMs }), ...next]
    const second = (from: number, to: number) => ids(from + 5, to + 5)
    const anew = { ...reset(1, 1, 'e2'), ids: second(1, 1) } as JournalLine
    expect(
      judged(stored, page(5, 5), anew, { ...messages(2, 2, 'e2'), ids: second(2, 2) } as JournalLine),
    ).toMatchObject({ problems: [], resets: 1 })
    expect(judged(stored, page(5, 5), anew).total).toMatchObject({ lost: 1 })
    expect(judged(stored, page(5, 5)).total).toMatchObject({ lost: 2 })
  })
})
