import { describe, expect, it } from 'vitest'
import { makeLogOfRuns } from '../../../../../adapters/dynamodb/log/message-log.ts'
import type { Run } from '../../../../../adapters/dynamodb/log/run.ts'
import type { RunStore } from '../../../../../adapters/dynamodb/log/run-store.ts'
import type { Draft } from '../../../../../core/domain/entry.ts'
import { ChatError } from '../../../../../protocol/chat-error.ts'
import { draftOf } from '../../../../support/drafts.ts'
import { makeMemoryRunStore, requireContiguous } from '../../../../support/memory-run-store.ts'

const setUp = (change: (store: RunStore) => Partial<RunStore> = () => ({}), options = {}) => {
  const memory = makeMemoryRunStore()
  const time = { nowMs: 0 }
  const makeLog = (store: RunStore = memory) =>
    makeLogOfRuns({ store, clock: () => time.nowMs, newId: () => 'epoch', ...options })
  return { memory, time, makeLog, log: makeLog({ ...memory, ...change(memory) }) }
}
const many = (count: number, fields: Partial<Draft> = {}) =>
  Array.from({ length: count }, () => draftOf(fields))
const settleAll = async (appends: Promise<unknown>[]) =>
  (await Promise.allSettled(appends)).map((result) =>
    result.status === 'fulfilled' ? 'stored' : (result.reason as { code?: string }).code,
  )

describe('append of many', () => {
  it('stores what arrives while a put is under way with the next one, 64 at a time', async () => {
    const { memory, log } = setUp()
    await Promise.all(many(500).map(log.append))
    expect(memory.runs.map(({ entries }) => entries.length)).toEqual([1, 64, 64, 64, 64, 64, 64, 64, 51])
    expect(memory.calls.puts).toBe(9)
    requireContiguous(memory.runs)
  })

  it('puts one at a time where a run may have one entry', async () => {
    const { memory, log } = setUp(undefined, { maxRunEntries: 1 })
    await Promise.all(many(20).map(log.append))
    expect(memory.runs.map(({ entries }) => entries.length)).toEqual(Array(20).fill(1))
  })

  it('keeps a run under 200 KB, and stores a larger message alone', async () => {
    const { memory, log } = setUp()
    const drafts = [
      draftOf(),
      ...many(30, { content: 'x'.repeat(20_000) }),
      draftOf({ content: 'y'.repeat(250_000) }),
    ]
    await Promise.all(drafts.map(log.append))
    expect(memory.runs.map(({ entries }) => entries.length)).toEqual([1, 9, 9, 9, 3, 1])
  })

  it('has one put under way for a room, and does not wait for other rooms', async () => {
    const underWay = new Map<string, number>()
    const { log } = setUp((store) => ({
      put: async (roomId: string, run: Run) => {
        underWay.set(roomId, (underWay.get(roomId) ?? 0) + 1)
        expect(underWay.get(roomId)).toBe(1)
        if (roomId === 'stuck') return new Promise(() => undefined)
        const outcome = await store.put(roomId, run)
        underWay.set(roomId, 0)
        return outcome
      },
    }))
    void log.append(draftOf({ roomId: 'stuck' }))
    void log.append(draftOf({ roomId: 'stuck' }))
    await Promise.all(many(100).map(log.append))
  })
})

describe('append by a writer that knows the room', () => {
  it('puts without a read for as long as nobody comes between', async () => {
    const { memory, log } = setUp()
    const first = draftOf()
    await log.append(first)
    const { queries } = memory.calls
    for (const draft of many(150)) await log.append({ ...draft, since: { epoch: 'epoch', seq: 1 } })
    expect(memory.calls).toEqual({ puts: 151, queries })
  })

  it('judges a retry without a read but for the entry itself', async () => {
    const { memory, log } = setUp()
    const first = draftOf({ since: { epoch: null, seq: 0 } })
    await log.append(first)
    for (const draft of many(150)) await log.append(draft)
    const { puts, queries } = memory.calls
    expect(await log.append(first)).toMatchObject({ duplicate: true, entry: { seq: 1 } })
    expect(memory.calls).toEqual({ puts, queries: queries + 1 })
  })

  it('reads first once it has lost a race, until it is alone again', async () => {
    const { memory, makeLog } = setUp()
    const [one, other] = [makeLog(), makeLog()]
    const costOf = async (log: typeof one) => {
      const { puts, queries } = memory.calls
      await log.append(draftOf())
      return { puts: memory.calls.puts - puts, queries: memory.calls.queries - queries }
    }
    await one.append(draftOf())
    await other.append(draftOf())
    expect(await costOf(one)).toEqual({ puts: 2, queries: 1 })
    await other.append(draftOf())
    expect(await costOf(one)).toEqual({ puts: 1, queries: 1 })
    expect(await costOf(one)).toEqual({ puts: 1, queries: 1 })
    expect(await costOf(one)).toEqual({ puts: 1, queries: 0 })
  })

  it('reads the end of the log and not all that it missed, after a long sleep', async () => {
    const { memory, makeLog } = setUp(undefined, { maxRunEntries: 1 })
    const [one, other] = [makeLog(), makeLog()]
    const { epoch } = await one.append(draftOf())
    for (const draft of many(2000)) await other.append(draft)
    const { queries } = memory.calls
    expect((await one.append(draftOf({ since: { epoch, seq: 2001 } }))).entry.seq).toBe(2002)
    expect(memory.calls.queries).toBe(queries + 1)
  })
})

describe('append that fails', () => {
  it('finds its own run where the answer to its put was lost', async () => {
    const { memory, log } = setUp((store) => ({
      put: async (roomId: string, run: Run) => {
        await store.put(roomId, run)
        return 'taken'
      },
    }))
    const { clientMessageId: _, ...anonymous } = draftOf()
    expect(await log.append(anonymous)).toMatchObject({ duplicate: false, entry: { seq: 1 } })
    expect(memory.runs).toHaveLength(1)
  })

  it('tells only those whose put it was, and goes on with the others', async () => {
    let puts = 0
    const { memory, log } = setUp((store) => ({
      put: async (roomId: string, run: Run) => {
        puts++
        if (puts === 2) throw new ChatError('unavailable', 'throttled')
        return store.put(roomId, run)
      },
    }))
    const outcomes = await settleAll(many(100).map(log.append))
    expect(outcomes).toEqual(['stored', ...Array(64).fill('unavailable'), ...Array(35).fill('stored')])
    requireContiguous(memory.runs)
  })

  it('reads again after a put of which nothing is known', async () => {
    let fails = false
    const { memory, log } = setUp((store) => ({
      put: async (roomId: string, run: Run) => {
        const outcome = await store.put(roomId, run)
        if (fails) throw new ChatError('unavailable', 'no answer')
        return outcome
      },
    }))
    await log.append(draftOf())
    fails = true
    const draft = draftOf()
    await expect(log.append(draft)).rejects.toMatchObject({ code: 'unavailable' })
    fails = false
    const { queries } = memory.calls
    expect(await log.append({ ...draft, messageId: 'retry' })).toMatchObject({
      duplicate: true,
      entry: { seq: 2 },
    })
    expect(memory.calls.queries).toBeGreaterThan(queries)
    expect(memory.runs).toHaveLength(2)
  })

  it('passes on an error that is no outage as it is', async () => {
    const defect = new Error('a defect')
    const { log } = setUp(() => ({ query: () => Promise.reject(defect) }))
    await expect(log.append(draftOf())).rejects.toBe(defect)
  })

  it('gives up after 15 seconds of lost races', async () => {
    const { memory, time, log } = setUp((store) => ({
      put: async (roomId: string, run: Run) => {
        // Another writer is faster every time, and every time takes a second.
        time.nowMs += 1000
        await store.put(roomId, {
          ...run,
          entries: run.entries.map((entry) => ({ ...entry, messageId: 'other' })),
        })
        return 'taken'
      },
    }))
    const { clientMessageId: _, ...anonymous } = draftOf()
    await expect(log.append(anonymous)).rejects.toMatchObject({ code: 'unavailable' })
    expect(memory.runs).toHaveLength(16)
  })

  it('finds a log with a hole rather than to go on after it', async () => {
    const { memory, log } = setUp()
    await log.append(draftOf())
    for (const position of [2, 4]) {
      memory.runs.push({ position, base: 0, epoch: 'epoch', entries: [{ ...draftOf(), seq: position }] })
    }
    await expect(log.append(draftOf())).rejects.toThrow('gap')
  })
})
