import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeLogOfRuns } from '../../../../../adapters/dynamodb/log/message-log.ts'
import { isExpired } from '../../../../../adapters/dynamodb/log/run.ts'
import type { Draft } from '../../../../../core/domain/entry.ts'
import type { MessageLog } from '../../../../../core/ports.ts'
import { defaultLimits } from '../../../../../protocol/limits.ts'
import { makeMessageLog as makeMemoryMessageLog } from '../../../../memory/message-log.ts'
import { draftOf } from '../../../../support/drafts.ts'
import { makeMemoryRunStore } from '../../../../support/memory-run-store.ts'

const hourMs = 60 * 60 * 1000
const limits = { ...defaultLimits, sinceEntries: 12, retryWindowEntries: 4 }

type Step =
  | {
      readonly kind: 'append'
      readonly message: number
      readonly since: number | undefined
      readonly cold: boolean
    }
  | { readonly kind: 'together'; readonly count: number }
  | { readonly kind: 'pass'; readonly hours: number }
  | { readonly kind: 'remove'; readonly seed: number }
  | { readonly kind: 'read'; readonly after?: number; readonly before?: number; readonly limit: number }

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append'),
      message: fc.nat(12),
      since: fc.option(fc.nat(15), { nil: undefined }),
      cold: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('together'), count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), hours: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove'), seed: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record(
      { kind: fc.constant('read'), after: fc.nat(30), limit: fc.integer({ min: 1, max: 9 }) },
      { requiredKeys: ['kind', 'limit'] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('read'),
      before: fc.nat(30),
      limit: fc.integer({ min: 1, max: 9 }),
    }),
  },
)

describe('a log with retention', () => {
  it('shows what the log in memory shows, whichever expired items have been removed so far', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { minLength: 5, maxLength: 60 }), async (steps) => {
        const room = setUp()
        for (const step of steps) await room.take(step)
      }),
      { numRuns: 300 },
    )
  }, 30_000)

  it('keeps nothing for shorter than what came before it, whoever writes with a shorter retention', async () => {
    const store = makeMemoryRunStore()
    const logWith = (days: number) =>
      makeLogOfRuns({ store, clock: () => 0, newId: () => 'epoch', retentionMs: days * 24 * hourMs })
    await logWith(10).append(draftOf())
    await logWith(2).append(draftOf())
    await logWith(12).append(draftOf())
    const days = store.runs.map(({ expiresAt = 0 }) => expiresAt / (24 * 60 * 60))
    expect(days).toEqual([10, 10, 12])
  })

  it('takes what stands before a removed item for gone, though its own time has not come yet', async () => {
    const store = makeMemoryRunStore()
    const options = { store, clock: () => 0, newId: () => 'epoch', retentionMs: 48 * hourMs }
    const first = draftOf({ since: { epoch: null, seq: 0 } })
    for (const draft of [first, draftOf(), draftOf()]) await makeLogOfRuns(options).append(draft)
    // DynamoDB's clock is ahead of the writer's, and it removes expired items in any order.
    store.runs.splice(1, 1)
    const late = makeLogOfRuns(options).append(draftOf({ since: { epoch: 'epoch', seq: 0 } }))
    await expect(late).rejects.toMatchObject({ code: 'stale_cursor' })
    expect((await makeLogOfRuns(options).append(draftOf())).entry.seq).toBe(4)
  })
})

describe('a log of which something was removed that has not expired by the clock of its reader', () => {
  const startMs = Date.UTC(2026, 10, 22)
  const setUpRemoved = async (retentionMs: number | undefined) => {
    let nowMs = startMs
    const store = makeMemoryRunStore()
    const options = { store, clock: () => nowMs, newId: counter(), ...(retentionMs && { retentionMs }) }
    const log = makeLogOfRuns(options)
    for (let n = 1; n <= 8; n++) {
      const content = `message ${n}`
      await log.append({
        roomId: 'general',
        kind: 'text',
        messageId: `m${n}`,
        sender: { userId: 'ada' },
        content,
        sentAtMs: nowMs,
      })
      nowMs += hourMs
    }
    const seen = await log.read({ roomId: 'general', after: 0, limit: 10 })
    expect(seen).toMatchObject({ floor: 1, seq: 8 })
    for (const position of [5, 2, 3]) {
      store.runs.splice(
        store.runs.findIndex((run) => run.position === position),
        1,
      )
    }
    return [log, makeLogOfRuns(options)]
  }

  it('has its floor after that, for one who has read it before as for one who has not', async () => {
    for (const log of await setUpRemoved(24 * hourMs)) {
      const read = async (page: { readonly after?: number; readonly before?: number }) => {
        const { floor, entries, more } = await log.read({ roomId: 'general', limit: 10, ...page })
        return { floor, more, seqs: entries.map(({ seq }) => seq) }
      }
      const rest = { floor: 6, more: false, seqs: [6, 7, 8] }
      expect(await read({ after: 0 })).toEqual(rest)
      expect(await read({ after: 3 })).toEqual(rest)
      expect(await read({})).toEqual(rest)
      expect(await read({ before: 4 })).toEqual({ floor: 6, more: false, seqs: [] })
    }
  })

  it('is broken if entries are kept for good', async () => {
    for (const log of await setUpRemoved(undefined)) {
      await expect(log.read({ roomId: 'general', after: 0, limit: 10 })).rejects.toThrow(/gap at position 2/)
    }
  })
})

const setUp = () => {
  let nowMs = Date.UTC(2026, 10, 22)
  let sent = 0
  let warmIsBehind = false
  const store = makeMemoryRunStore()
  const options = { clock: () => nowMs, limits, retentionMs: 48 * hourMs }
  const ids = { tried: counter(), model: counter() }
  const makeLog = () => makeLogOfRuns({ ...options, store, newId: ids.tried })
  const warm = makeLog()
  const model = makeMemoryMessageLog({ ...options, newId: ids.model })

  const draft = (message: number | undefined): Draft => ({
    roomId: 'general',
    kind: 'text',
    messageId: `m${++sent}`,
    ...(message !== undefined && { clientMessageId: `c${message}` }),
    sender: { userId: 'ada' },
    content: `message ${message}`,
    sentAtMs: nowMs,
  })
  const expectSame = async (tried: MessageLog, use: (log: MessageLog) => Promise<unknown>) =>
    expect(await outcomeOf(use(tried))).toEqual(await outcomeOf(use(model)))

  const append = async ({ message, since, cold }: Step & { readonly kind: 'append' }) => {
    const { epoch, seq, floor } = await model.read({ roomId: 'general', limit: 1 })
    // A writer that has seen what has expired since knows more than the model, and one that has not seen the newest
    // entries may still answer what lies a little too far back by now: leave both out.
    const lag = since !== undefined && warmIsBehind && !cold ? Math.min(since, limits.sinceEntries) : since
    const known = lag === undefined ? undefined : Math.max(seq - lag, epoch === null ? 0 : floor - 1)
    const one = { ...draft(message), ...(known !== undefined && { since: { epoch, seq: known } }) }
    warmIsBehind ||= cold
    await expectSame(cold ? makeLog() : warm, (log) => log.append(one))
  }
  const take = async (step: Step): Promise<void> => {
    switch (step.kind) {
      case 'append':
        return append(step)
      case 'together': {
        const drafts = Array.from({ length: step.count }, () => draft(undefined))
        warmIsBehind = false // what it stores here follows all that there is
        return expectSame(warm, (log) => Promise.all(drafts.map((one) => log.append(one))))
      }
      case 'pass':
        nowMs += step.hours * hourMs
        return
      case 'remove':
        for (const [index, run] of [...store.runs].entries()) {
          const picked = ((step.seed >> (index % 20)) & 1) === 1
          if (picked && isExpired(run, nowMs)) store.runs.splice(store.runs.indexOf(run), 1)
        }
        return
      case 'read': {
        const { kind: _, ...page } = step
        await expectSame(warm, (log) => log.read({ roomId: 'general', ...page }))
        return expectSame(makeLog(), (log) => log.head('general'))
      }
    }
  }
  return { take }
}

const outcomeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: Error) => ({ refused: error.message }))

const counter = () => {
  let count = 0
  return () => `epoch ${++count}`
}
