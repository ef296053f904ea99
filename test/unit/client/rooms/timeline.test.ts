import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeRoomTimeline, type RoomTimeline } from '../../../../client/rooms/timeline.ts'
import type { ChatMessage, HistoryFrame, JoinedFrame } from '../../../../protocol/server-frames.ts'

const message = (seq: number): ChatMessage => ({
  seq,
  kind: 'text',
  messageId: `m${seq}`,
  sender: { userId: 'ada' },
  content: `message ${seq}`,
  sentAt: '2026-11-22T11:04:05.123Z',
})
const messages = (...seqs: number[]) => seqs.map(message)
const seqsOf = (ready: readonly ChatMessage[]) => ready.map(({ seq }) => seq)

const joinedWith = (frame: Partial<JoinedFrame> = {}): JoinedFrame => ({
  type: 'joined',
  roomId: 'general',
  epoch: 'E',
  seq: frame.messages?.at(-1)?.seq ?? 0,
  floor: 1,
  messages: [],
  recovered: false,
  more: false,
  ...frame,
})
const historyWith = (frame: Partial<HistoryFrame> = {}): HistoryFrame => ({
  type: 'history',
  roomId: 'general',
  epoch: 'E',
  floor: 1,
  messages: [],
  more: false,
  ...frame,
})
const joinedTimeline = (...seqs: number[]): RoomTimeline => {
  const timeline = makeRoomTimeline()
  timeline.hold()
  timeline.joined(joinedWith({ messages: messages(...seqs) }))
  return timeline
}

describe('room timeline', () => {
  it('begins with the page and carries on after it', () => {
    const timeline = makeRoomTimeline()
    const { ready, reset } = timeline.joined(joinedWith({ messages: messages(4, 5) }))
    expect(seqsOf(ready)).toEqual([4, 5])
    expect(reset).toBe(true)
    expect(seqsOf(timeline.pushed('E', messages(6)).ready)).toEqual([6])
    expect(timeline.cursor()).toEqual({ epoch: 'E', seq: 6 })
  })

  it('gives nothing out twice', () => {
    const timeline = joinedTimeline(1, 2)
    expect(timeline.pushed('E', messages(2, 1)).ready).toEqual([])
    expect(seqsOf(timeline.pushed('E', messages(3, 3)).ready)).toEqual([3])
  })

  it('keeps what comes early until what is missing has come', () => {
    const timeline = joinedTimeline(1)
    expect(timeline.pushed('E', messages(4, 3)).ready).toEqual([])
    expect(timeline.isBehind()).toBe(true)
    expect(seqsOf(timeline.pushed('E', messages(2)).ready)).toEqual([2, 3, 4])
    expect(timeline.isBehind()).toBe(false)
  })

  it('merges what was pushed while it was joining', () => {
    const timeline = makeRoomTimeline()
    timeline.hold()
    expect(timeline.pushed('E', messages(3)).ready).toEqual([])
    expect(timeline.pushed('E', messages(4)).ready).toEqual([])
    expect(seqsOf(timeline.joined(joinedWith({ messages: messages(2, 3) })).ready)).toEqual([2, 3, 4])
  })

  it('takes the epoch of an empty room from the first message', () => {
    const timeline = makeRoomTimeline()
    timeline.joined(joinedWith({ epoch: null }))
    expect(timeline.known()).toEqual({ epoch: null, seq: 0 })
    expect(seqsOf(timeline.pushed('E', messages(1)).ready)).toEqual([1])
    expect(timeline.cursor()).toEqual({ epoch: 'E', seq: 1 })
  })

  it('asks for a join when the epoch changes, and begins anew with what it finds', () => {
    const timeline = joinedTimeline(1, 2)
    expect(timeline.pushed('F', messages(1))).toEqual({ ready: [], rejoin: true })
    timeline.hold()
    const arrival = timeline.joined(joinedWith({ epoch: 'F', messages: messages(1, 2) }))
    expect(arrival.reset).toBe(true)
    expect(seqsOf(arrival.ready)).toEqual([1, 2])
  })

  it('ignores late pushes of an epoch that is over', () => {
    const timeline = joinedTimeline(1, 2)
    timeline.pushed('old', messages(90))
    timeline.hold()
    timeline.joined(joinedWith({ recovered: true, seq: 2 }))
    expect(timeline.pushed('old', messages(91))).toEqual({ ready: [], rejoin: false })
    expect(seqsOf(timeline.pushed('E', messages(3)).ready)).toEqual([3])
  })

  it('asks for another join when an epoch showed up while it was joining', () => {
    const timeline = joinedTimeline(1)
    timeline.hold()
    timeline.pushed('F', messages(1))
    const arrival = timeline.joined(joinedWith({ recovered: true, seq: 1 }))
    expect(arrival.rejoin).toBe(true)
  })

  it('gives out what is pushed while it joins on a second connection', () => {
    const timeline = joinedTimeline(1)
    timeline.overlap()
    expect(seqsOf(timeline.pushed('E', messages(2, 3)).ready)).toEqual([2, 3])
    const { ready, reset } = timeline.joined(joinedWith({ recovered: true, messages: messages(2, 3, 4) }))
    expect({ seqs: seqsOf(ready), reset }).toEqual({ seqs: [4], reset: false })
  })

  it('keeps an epoch that it learned of sooner than a join that finds the room empty', () => {
    const timeline = makeRoomTimeline()
    timeline.joined(joinedWith({ epoch: null }))
    timeline.overlap()
    timeline.pushed('E', messages(1))
    expect(timeline.joined(joinedWith({ epoch: null, recovered: true })).reset).toBe(false)
    expect(seqsOf(timeline.pushed('E', messages(2)).ready)).toEqual([2])
  })

  it('loses nothing of what was pushed while a join on a second connection begins it anew', () => {
    const timeline = joinedTimeline(1)
    timeline.overlap()
    expect(timeline.pushed('E', messages(10)).ready).toEqual([])
    const { ready, reset } = timeline.joined(joinedWith({ floor: 8, messages: messages(8, 9) }))
    expect({ seqs: seqsOf(ready), reset }).toEqual({ seqs: [8, 9, 10], reset: true })
  })

  it('goes on as before when a join on a second connection comes to nothing', () => {
    const timeline = joinedTimeline(1)
    timeline.overlap()
    timeline.pushed('E', messages(2))
    timeline.endOverlap()
    expect(seqsOf(timeline.pushed('E', messages(2, 3)).ready)).toEqual([3])
  })

  it('goes on holding what is pushed when it is for the sake of another join', () => {
    const timeline = joinedTimeline(1)
    timeline.hold()
    timeline.endOverlap()
    expect(timeline.pushed('E', messages(2)).ready).toEqual([])
  })

  it('is behind when a head lies beyond what has arrived', () => {
    const timeline = joinedTimeline(1)
    timeline.learn({ epoch: 'E', seq: 3 })
    expect(timeline.isBehind()).toBe(true)
    expect(timeline.known()).toEqual({ epoch: 'E', seq: 3 })
    timeline.history(historyWith({ messages: messages(2, 3) }))
    expect(timeline.isBehind()).toBe(false)
  })

  it('expects nothing after what it holds already when that is all that history has more of', () => {
    const timeline = joinedTimeline(1)
    timeline.pushed('E', messages(4))
    const { ready } = timeline.history(historyWith({ messages: messages(2, 3), more: true }))
    expect(seqsOf(ready)).toEqual([2, 3, 4])
    expect(timeline.isBehind()).toBe(false)
  })

  it('stays behind while history has more', () => {
    const timeline = joinedTimeline(1)
    timeline.learn({ epoch: 'E', seq: 2 })
    timeline.history(historyWith({ messages: messages(2), more: true }))
    expect(timeline.isBehind()).toBe(true)
  })

  it('asks for a join when what is missing has expired', () => {
    const timeline = joinedTimeline(1)
    timeline.learn({ epoch: 'E', seq: 9 })
    expect(timeline.history(historyWith({ floor: 5, messages: messages(5) })).rejoin).toBe(true)
  })

  it('finds its way with a full store of early messages', () => {
    const timeline = makeRoomTimeline({ maxHeld: 2 })
    timeline.joined(joinedWith({ messages: messages(1) }))
    timeline.pushed('E', messages(3, 4, 5, 6))
    expect(seqsOf(timeline.pushed('E', messages(2)).ready)).toEqual([2, 3, 4])
    expect(timeline.isBehind()).toBe(true)
    expect(seqsOf(timeline.history(historyWith({ messages: messages(5, 6) })).ready)).toEqual([5, 6])
  })

  it('gives out each message of an epoch once and in order, whatever is lost, doubled or late', () => {
    fc.assert(
      fc.property(story, (steps) => play(steps)),
      { numRuns: 2000 },
    )
  })
})

type Step = { readonly do: keyof ReturnType<typeof makePlay>; readonly which: number; readonly count: number }

const story = fc.array(
  fc.record<Step>({
    do: fc.oneof(
      { weight: 4, arbitrary: fc.constant('say' as const) },
      { weight: 6, arbitrary: fc.constant('push' as const) },
      { weight: 3, arbitrary: fc.constantFrom('hold', 'join', 'history', 'tellHead', 'restart') },
      { weight: 3, arbitrary: fc.constantFrom('askSecond', 'secondAnswers', 'secondFails') },
    ),
    which: fc.nat(1000),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  { maxLength: 120, size: 'max' },
)

/** A room in its epochs, a timeline that sees it through a bad network, and in the end a good one. */
const play = (steps: readonly Step[]) => {
  const scene = makePlay()
  for (const { do: what, which, count } of steps) scene[what](which, count)
  const { given, expected } = scene.finish()
  expect(given).toEqual(expected)
}

const makePlay = () => {
  const timeline = makeRoomTimeline({ maxHeld: 5 })
  const heads = [3]
  let given: string[] = []
  let joined = false
  /** What the second connection's join will be answered: as things stood when it was asked. */
  let answer: JoinedFrame | undefined
  let isHeld = false

  const last = () => heads.length - 1
  const head = () => heads[last()] ?? 0
  const nameOf = (epoch: number) => `epoch ${epoch}`
  const range = (epoch: number, from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => ({
      ...message(from + index),
      messageId: `${nameOf(epoch)}, ${from + index}`,
    }))
  const take = ({ ready }: { readonly ready: readonly ChatMessage[] }) => {
    given.push(...ready.map(({ messageId }) => messageId))
  }
  const answerToJoin = (): JoinedFrame => {
    const { epoch, seq } = timeline.cursor()
    const recovered = joined && epoch === nameOf(last())
    const from = recovered ? seq + 1 : Math.max(1, head() - 2)
    const messages = range(last(), from, Math.min(head(), from + 2))
    return joinedWith({ epoch: nameOf(last()), seq: head(), messages, recovered })
  }
  const takeJoined = (frame: JoinedFrame): boolean => {
    const arrival = timeline.joined(frame)
    if (arrival.reset) given = []
    take(arrival)
    joined = true
    return arrival.rejoin
  }
  const join = (): boolean => {
    timeline.hold()
    return takeJoined(answerToJoin())
  }
  const secondAnswers = () => {
    if (answer !== undefined) takeJoined(answer)
    answer = undefined
  }
  const history = (_which: number, count: number) => {
    const { epoch, seq } = timeline.cursor()
    const to = Math.min(head(), seq + count)
    if (!joined || epoch !== nameOf(last())) return
    take(timeline.history(historyWith({ epoch, messages: range(last(), seq + 1, to), more: to < head() })))
  }
  return {
    say: () => {
      heads[last()] = head() + 1
    },
    restart: () => {
      heads.push(1)
    },
    push: (which: number, count: number) => {
      const epoch = which % heads.length
      const end = heads[epoch] ?? 0
      const from = 1 + (which % end)
      take(timeline.pushed(nameOf(epoch), range(epoch, from, Math.min(end, from + count - 1))))
    },
    // A join waits for one on a second connection, and the other way round.
    hold: () => {
      if (answer !== undefined) return
      timeline.hold()
      isHeld = true
    },
    join: () => {
      if (answer !== undefined) return
      join()
      isHeld = false
    },
    askSecond: () => {
      if (!joined || isHeld || answer !== undefined) return
      answer = answerToJoin()
      timeline.overlap()
    },
    secondAnswers,
    secondFails: () => {
      answer = undefined
      timeline.endOverlap()
    },
    history,
    tellHead: () => joined && take(timeline.learn({ epoch: nameOf(last()), seq: head() })),
    finish: () => {
      secondAnswers()
      while (join());
      while (timeline.isBehind()) history(0, 3)
      const [first = ''] = given
      const from = Number(first.split(', ')[1])
      return { given, expected: range(last(), from, head()).map(({ messageId }) => messageId) }
    },
  }
}
