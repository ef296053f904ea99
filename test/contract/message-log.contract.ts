import { beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../core/domain/entry.ts'
import type { Appended, Clock, Draft, IdSource, MessageLog, Page } from '../../core/ports.ts'
import { defaultLimits, jsonBytes, type Limits } from '../../core/protocol/limits.ts'

export type LogOptions = {
  readonly clock: Clock
  readonly newId: IdSource
  readonly limits: Limits
  readonly retentionMs?: number
}

/** Makes one more instance over the same stored state; instances share nothing else. */
export type MakeLog = (options: LogOptions) => MessageLog

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

/** What every message log promises; `open` is called once for the suite. */
export const messageLogContract = (name: string, open: () => Promise<MakeLog>): void => {
  describe(`message log over ${name}`, () => {
    let makeLog: MakeLog
    beforeAll(async () => {
      makeLog = await open()
    })

    /** A room of its own, and a way to make writers for it. */
    const setUp = ({ limits = {}, retentionMs }: { limits?: Partial<Limits>; retentionMs?: number } = {}) => {
      const roomId = `room.${crypto.randomUUID()}`
      let nowMs = Date.UTC(2026, 10, 22, 11)
      let drafts = 0
      const options = {
        clock: () => nowMs,
        newId: () => crypto.randomUUID(),
        limits: { ...defaultLimits, ...limits },
        ...(retentionMs !== undefined && { retentionMs }),
      }
      return {
        roomId,
        makeLog: () => makeLog(options),
        pass: (ms: number) => {
          nowMs += ms
        },
        draft: (fields: Partial<Draft> = {}): Draft => {
          drafts++
          return {
            roomId,
            kind: 'text',
            messageId: crypto.randomUUID(),
            clientMessageId: `c${drafts}`,
            sender: { userId: 'ada', name: 'Ada' },
            content: `message ${drafts}`,
            sentAtMs: nowMs,
            ...fields,
          }
        },
      }
    }

    const appendMany = async (log: MessageLog, draft: () => Draft, count: number): Promise<Appended[]> =>
      Promise.all(Array.from({ length: count }, () => log.append(draft())))

    describe('with many writers', () => {
      it('gives 800 drafts through four instances 800 seqs, without a hole and without a repeat', async () => {
        const { roomId, makeLog, draft } = setUp()
        const appended = await Promise.all(
          [0, 1, 2, 3].map((writer) => {
            const log = makeLog()
            const sender = { userId: `user${writer}` }
            return inTurns(20, 200, () => log.append(draft({ sender })))
          }),
        )
        const all = appended.flat()
        expect(all.map(({ entry }) => entry.seq).sort(ascending)).toEqual(oneTo(800))
        expect(new Set(all.map(({ epoch }) => epoch)).size).toBe(1)
        expect(all.filter(({ duplicate }) => duplicate)).toEqual([])
        const stored = await readAll(makeLog(), roomId)
        expect(stored).toEqual(all.map(({ entry }) => entry).sort((one, other) => one.seq - other.seq))
      })

      it('stores a draft once that two instances append at the same time', async () => {
        const { roomId, makeLog, draft } = setUp()
        const [one, other] = [makeLog(), makeLog()]
        const results = await inTurns(16, 120, async (index) => {
          const first = draft()
          if (index % 3 !== 0) return [await (index % 2 === 0 ? one : other).append(first)]
          const again = { ...first, messageId: crypto.randomUUID() }
          return Promise.all([one.append(first), other.append(again)])
        })
        for (const [first, second] of results) {
          if (second === undefined) expect(first?.duplicate).toBe(false)
          else {
            expect(second.entry).toEqual(first?.entry)
            expect([first?.duplicate, second.duplicate].sort()).toEqual([false, true])
          }
        }
        const stored = await readAll(makeLog(), roomId)
        expect(stored.map(({ seq }) => seq)).toEqual(oneTo(120))
        expect(new Set(stored.map(({ clientMessageId }) => clientMessageId)).size).toBe(120)
      })

      it('lets a writer go on that has seen nothing of what others wrote in between', async () => {
        const { makeLog, draft } = setUp()
        const [one, other] = [makeLog(), makeLog()]
        await one.append(draft())
        for (let index = 0; index < 30; index++) await other.append(draft())
        const { entry } = await one.append(draft())
        expect(entry.seq).toBe(32)
      })

      it('stores the drafts of one process in the order of the calls', async () => {
        const { roomId, makeLog, draft } = setUp()
        const log = makeLog()
        const contents = oneTo(150).map(String)
        await Promise.all(contents.map((content) => log.append(draft({ content }))))
        expect((await readAll(log, roomId)).map(({ content }) => content)).toEqual(contents)
      })

      it('keeps rooms apart', async () => {
        const { makeLog, draft, roomId } = setUp()
        const log = makeLog()
        const roomIds = [`${roomId}.a`, `${roomId}.b`]
        const appended = await Promise.all(roomIds.map((id) => log.append(draft({ roomId: id }))))
        expect(appended.map(({ entry }) => entry.seq)).toEqual([1, 1])
        expect(new Set(appended.map(({ epoch }) => epoch)).size).toBe(2)
        expect(await log.head(roomId)).toEqual({ epoch: null, seq: 0 })
      })
    })

    describe('with retries', () => {
      it('recognises a retry with since after 150 other entries, through any instance', async () => {
        const { makeLog, draft } = setUp()
        const log = makeLog()
        const { epoch } = await log.append(draft())
        const first = draft({ since: { epoch, seq: 1 } })
        const stored = await log.append(first)
        await appendMany(log, draft, 150)
        const retry = { ...first, messageId: 'another', content: 'another', sentAtMs: 0 }
        for (const writer of [log, makeLog()]) {
          expect(await writer.append(retry)).toEqual({ ...stored, duplicate: true })
        }
        expect((await log.head(first.roomId)).seq).toBe(152)
      })

      it('recognises a retry without since among the last entries only', async () => {
        const { makeLog, draft } = setUp({ limits: { retryWindowEntries: 10 } })
        const log = makeLog()
        const first = draft()
        const stored = await log.append(first)
        await appendMany(log, draft, 9)
        for (const writer of [log, makeLog()]) {
          expect(await writer.append(first)).toEqual({ ...stored, duplicate: true })
        }
        await log.append(draft())
        const again = await makeLog().append({ ...first, messageId: 'again' })
        expect(again).toMatchObject({ duplicate: false, entry: { seq: 12, messageId: 'again' } })
        expect(await log.append(first)).toEqual({ ...again, duplicate: true })
      })

      it('recognises the retry of a first message whose sender knew an empty room', async () => {
        const { makeLog, draft } = setUp()
        const log = makeLog()
        const first = draft({ since: { epoch: null, seq: 0 } })
        const stored = await log.append(first)
        await appendMany(log, draft, 120)
        for (const writer of [log, makeLog()]) {
          expect(await writer.append(first)).toEqual({ ...stored, duplicate: true })
        }
      })

      it('stores one of several equal drafts that one process appends at once', async () => {
        const { makeLog, draft } = setUp()
        const log = makeLog()
        const first = draft()
        const appended = await Promise.all(
          [1, 2, 3].map(() => log.append({ ...first, messageId: crypto.randomUUID() })),
        )
        expect(appended.map(({ duplicate }) => duplicate)).toEqual([false, true, true])
        expect(new Set(appended.map(({ entry }) => entry.messageId)).size).toBe(1)
        expect((await log.head(first.roomId)).seq).toBe(1)
      })

      it('takes the same clientMessageId from another sender for another message', async () => {
        const { makeLog, draft } = setUp()
        const log = makeLog()
        await log.append(draft({ clientMessageId: 'same' }))
        const bob = draft({ clientMessageId: 'same', sender: { userId: 'bob' } })
        expect(await log.append(bob)).toMatchObject({ duplicate: false, entry: { seq: 2 } })
      })

      it('stores every draft without a clientMessageId, whatever since it has', async () => {
        const { makeLog, draft } = setUp()
        const log = makeLog()
        const { clientMessageId: _, ...anonymous } = draft({ since: { epoch: 'none', seq: 99 } })
        const seqs = [await log.append(anonymous), await log.append(anonymous)].map(({ entry }) => entry.seq)
        expect(seqs).toEqual([1, 2])
      })
    })

    describe('with a since that does not fit', () => {
      const limits = { sinceEntries: 20 }

      it.each([
        ['names another epoch', () => ({ epoch: 'another', seq: 30 })],
        ['names no epoch but a seq', () => ({ epoch: null, seq: 3 })],
        ['lies too far behind', (epoch: string) => ({ epoch, seq: 9 })],
        ['knew an empty room and lies too far behind', () => ({ epoch: null, seq: 0 })],
        ['is beyond the head', (epoch: string) => ({ epoch, seq: 31 })],
      ])('refuses one that %s, and stores nothing', async (_, since) => {
        const { roomId, makeLog, draft } = setUp({ limits })
        const log = makeLog()
        const [first] = await appendMany(log, draft, 30)
        for (const writer of [log, makeLog()]) {
          const refused = writer.append(draft({ since: since(first?.epoch ?? '') }))
          await expect(refused).rejects.toMatchObject({ name: 'ChatError', code: 'stale_cursor' })
        }
        expect((await log.head(roomId)).seq).toBe(30)
      })

      it('takes one that lies exactly as far behind as is allowed', async () => {
        const { makeLog, draft } = setUp({ limits })
        const log = makeLog()
        const [first] = await appendMany(log, draft, 30)
        const since = { epoch: first?.epoch ?? '', seq: 10 }
        expect((await log.append(draft({ since }))).entry.seq).toBe(31)
        expect((await makeLog().append(draft({ since: { ...since, seq: 11 } }))).entry.seq).toBe(32)
      })

      it('takes one that is beyond what this writer knows but not beyond the head', async () => {
        const { makeLog, draft } = setUp()
        const [one, other] = [makeLog(), makeLog()]
        const { epoch } = await one.append(draft())
        await appendMany(other, draft, 5)
        const appended = await one.append(draft({ since: { epoch, seq: 6 } }))
        expect(appended.entry.seq).toBe(7)
      })

      it('refuses one in a room without a message', async () => {
        const { roomId, makeLog, draft } = setUp()
        const log = makeLog()
        const refused = log.append(draft({ since: { epoch: 'forged', seq: 1 } }))
        await expect(refused).rejects.toMatchObject({ code: 'stale_cursor' })
        expect(await log.head(roomId)).toEqual({ epoch: null, seq: 0 })
      })

      it('derives nothing from a forged one: who claims to know it all gets the next seq like everybody', async () => {
        const { roomId, makeLog, draft } = setUp()
        const log = makeLog()
        const first = draft()
        const { epoch } = await log.append(first)
        const forged = await log.append({ ...first, since: { epoch, seq: 1 } })
        expect(forged).toMatchObject({ duplicate: false, entry: { seq: 2 } })
        expect((await readAll(makeLog(), roomId)).map(({ seq }) => seq)).toEqual([1, 2])
      })

      it('fails no other draft that is appended at the same time', async () => {
        const { makeLog, draft } = setUp()
        const log = makeLog()
        const results = await Promise.allSettled(
          oneTo(20).map((index) =>
            log.append(draft(index % 4 === 0 ? { since: { epoch: 'another', seq: 1 } } : {})),
          ),
        )
        const seqs = results.flatMap((result) =>
          result.status === 'fulfilled' ? result.value.entry.seq : [],
        )
        expect(seqs).toEqual(oneTo(15))
      })
    })

    describe('read', () => {
      it('finds nothing in a room without a message', async () => {
        const { roomId, makeLog } = setUp()
        const empty = { epoch: null, seq: 0, floor: 1, entries: [], more: false }
        for (const where of [{}, { after: 0 }, { after: 7 }, { before: 7 }, { epoch: 'x' }]) {
          expect(await makeLog().read({ roomId, limit: 10, ...where })).toEqual(empty)
        }
      })

      it('returns entries as they were appended', async () => {
        const { roomId, makeLog, draft } = setUp()
        const log = makeLog()
        const odd = draft({
          sender: { userId: 'zoë#1', name: '名前' },
          content: '\u0000"\n👩‍👩‍👧',
          attributes: { '': 'empty key', lang: '', 'a.b': 'c' },
        })
        const { since: _, roomId: __, ...entry } = odd
        await log.append(odd)
        const { clientMessageId: ___, ...bare } = draft({ sender: { userId: 'bob' } })
        await log.append(bare)
        const { roomId: ____, ...bareEntry } = bare
        expect((await makeLog().read({ roomId, limit: 2 })).entries).toEqual([
          { ...entry, seq: 1 },
          { ...bareEntry, seq: 2 },
        ])
      })

      it('cuts pages anywhere, also inside what was stored together, both ways', async () => {
        const { roomId, makeLog, draft } = setUp()
        const log = makeLog()
        await appendMany(log, draft, 12)
        await log.append(draft())
        await appendMany(log, draft, 9)
        const { epoch } = await log.head(roomId)
        const frame = { epoch, seq: 22, floor: 1 }
        const seqsOf = ({ entries, ...page }: Page) => ({ ...page, seqs: entries.map(({ seq }) => seq) })
        const reader = makeLog()
        for (const limit of [1, 4, 22, 100]) {
          for (const at of [0, 1, 2, 6, 12, 13, 14, 21, 22, 23, 40]) {
            const up = oneTo(22).filter((seq) => seq > at)
            expect(seqsOf(await reader.read({ roomId, after: at, limit }))).toEqual({
              ...frame,
              seqs: up.slice(0, limit),
              more: up.length > limit,
            })
            const down = oneTo(22).filter((seq) => seq < at)
            expect(seqsOf(await reader.read({ roomId, before: at, limit }))).toEqual({
              ...frame,
              seqs: down.slice(-limit),
              more: down.length > limit,
            })
          }
          expect(seqsOf(await reader.read({ roomId, limit }))).toEqual({
            ...frame,
            seqs: oneTo(22).slice(-limit),
            more: limit < 22,
          })
        }
      })

      it('stops once the entries hold the bytes that were asked for, and has one at least', async () => {
        const { roomId, makeLog, draft } = setUp()
        const log = makeLog()
        await appendMany(log, () => draft({ content: 'x'.repeat(1000) }), 10)
        const { entries } = await log.read({ roomId, limit: 10 })
        const bytes = jsonBytes(entries[0])
        for (const [maxBytes, count] of [
          [1, 1] as const,
          [bytes, 1] as const,
          [3 * bytes + 50, 4] as const,
        ]) {
          const up = await log.read({ roomId, after: 2, limit: 10, maxBytes })
          expect(up.entries.map(({ seq }) => seq)).toEqual(oneTo(10).slice(2, 2 + count))
          expect(up.more).toBe(true)
          const down = await log.read({ roomId, before: 9, limit: 10, maxBytes })
          expect(down.entries.map(({ seq }) => seq)).toEqual(oneTo(8).slice(-count))
          expect(down.more).toBe(true)
        }
      })

      it('returns no entries for an epoch that is not the room’s, and tells which one is', async () => {
        const { roomId, makeLog, draft } = setUp()
        const log = makeLog()
        const { epoch } = await log.append(draft())
        expect(await log.read({ roomId, epoch: 'another', after: 0, limit: 10 })).toEqual({
          epoch,
          seq: 1,
          floor: 1,
          entries: [],
          more: false,
        })
        expect((await log.read({ roomId, epoch, after: 0, limit: 10 })).entries).toHaveLength(1)
      })

      it('sees at once what another instance has appended', async () => {
        const { roomId, makeLog, draft } = setUp()
        const [writer, reader] = [makeLog(), makeLog()]
        for (const seq of oneTo(5)) {
          const { epoch } = await writer.append(draft())
          expect(await reader.head(roomId)).toEqual({ epoch, seq })
          expect((await reader.read({ roomId, limit: 1 })).entries[0]?.seq).toBe(seq)
        }
      })
    })

    describe('with retention', () => {
      const retentionMs = 2 * dayMs

      it('shows no expired entry, and tells where history now begins', async () => {
        const { roomId, makeLog, draft, pass } = setUp({ retentionMs })
        const log = makeLog()
        for (let batch = 0; batch < 8; batch++) {
          await appendMany(log, draft, 5)
          pass(6 * hourMs)
        }
        const expectFloor = async (reader: MessageLog, floor: number) => {
          expect(await reader.head(roomId)).toMatchObject({ seq: 40 })
          const page = await reader.read({ roomId, after: 0, limit: 100 })
          expect(page).toMatchObject({ seq: 40, floor, more: false })
          expect(page.entries.map(({ seq }) => seq)).toEqual(oneTo(40).slice(floor - 1))
          const back = await reader.read({ roomId, before: floor + 2, limit: 100 })
          expect(back).toMatchObject({ floor, more: false })
          expect(back.entries.map(({ seq }) => seq)).toEqual([floor, floor + 1])
          expect((await reader.read({ roomId, before: floor, limit: 5 })).entries).toEqual([])
        }
        // The first batch is 48 hours old by now, and each further 6 hours take one more.
        for (const [batches, floor] of [
          [0, 6],
          [1, 11],
          [3, 26],
        ] as const) {
          pass(batches * 6 * hourMs)
          await expectFloor(log, floor)
          await expectFloor(makeLog(), floor)
        }
      })

      it('shows an empty room once everything has expired, and goes on in a new epoch at seq 1', async () => {
        const { roomId, makeLog, draft, pass } = setUp({ retentionMs })
        const log = makeLog()
        const [first] = await appendMany(log, draft, 3)
        pass(retentionMs)
        for (const reader of [log, makeLog()]) {
          expect(await reader.head(roomId)).toEqual({ epoch: null, seq: 0 })
          expect(await reader.read({ roomId, after: 0, limit: 10 })).toMatchObject({ epoch: null, floor: 1 })
        }
        const refused = log.append(draft({ since: { epoch: first?.epoch ?? '', seq: 3 } }))
        await expect(refused).rejects.toMatchObject({ code: 'stale_cursor' })
        const next = await log.append(draft({ since: { epoch: null, seq: 0 } }))
        expect(next.entry.seq).toBe(1)
        expect(next.epoch).not.toBe(first?.epoch)
        expect((await makeLog().append(draft())).entry.seq).toBe(2)
        const page = await makeLog().read({ roomId, after: 0, limit: 10 })
        expect(page).toMatchObject({ epoch: next.epoch, seq: 2, floor: 1 })
        expect(page.entries.map(({ seq }) => seq)).toEqual([1, 2])
      })

      it('begins a new epoch where the last entry has less than an hour left, without losing a retry', async () => {
        const { makeLog, draft, pass } = setUp({ retentionMs })
        const [log, other] = [makeLog(), makeLog()]
        const known = await log.append(draft())
        const lost = draft({ since: { epoch: known.epoch, seq: 1 } })
        const stored = await log.append(lost)
        pass(retentionMs - hourMs / 2)
        // The cursor fits what readers still see: neither the retry nor a new message is refused.
        expect(await other.append(lost)).toEqual({ ...stored, duplicate: true })
        const next = await log.append(draft({ since: { epoch: known.epoch, seq: 2 } }))
        expect(next.entry.seq).toBe(1)
        expect(next.epoch).not.toBe(known.epoch)
        expect((await other.append(draft())).entry.seq).toBe(2)
        const refused = other.append(draft({ since: { epoch: known.epoch, seq: 2 } }))
        await expect(refused).rejects.toMatchObject({ code: 'stale_cursor' })
      })

      it('keeps an epoch while it is written to, however long', async () => {
        const { makeLog, draft, pass } = setUp({ retentionMs })
        const log = makeLog()
        const epochs = new Set<string>()
        for (let day = 0; day < 6; day++) {
          epochs.add((await log.append(draft())).epoch)
          pass(dayMs)
        }
        expect(epochs.size).toBe(1)
        expect((await log.append(draft())).entry.seq).toBe(7)
      })

      it('refuses a since after which entries have expired, unless the message is still there', async () => {
        const { makeLog, draft, pass } = setUp({ retentionMs })
        const log = makeLog()
        const { epoch } = await log.append(draft())
        await log.append(draft())
        pass(dayMs)
        const late = draft({ since: { epoch, seq: 0 } })
        const stored = await log.append(late)
        pass(dayMs + hourMs)
        expect(await makeLog().append(late)).toEqual({ ...stored, duplicate: true })
        const refused = makeLog().append(draft({ since: { epoch, seq: 0 } }))
        await expect(refused).rejects.toMatchObject({ code: 'stale_cursor' })
        expect((await makeLog().append(draft({ since: { epoch, seq: 2 } }))).entry.seq).toBe(4)
      })

      it('refuses a retention of less than a day', () => {
        const { makeLog } = setUp({ retentionMs: dayMs - 1 })
        expect(makeLog).toThrow('less than a day')
      })
    })
  })
}

const ascending = (one: number, other: number) => one - other

const oneTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

/** Runs a task for 0 … count − 1, so many at a time, and returns the results in that order. */
const inTurns = async <T>(
  atOnce: number,
  count: number,
  task: (index: number) => Promise<T>,
): Promise<T[]> => {
  const results: T[] = []
  let next = 0
  const work = async () => {
    while (next < count) {
      const index = next++
      results[index] = await task(index)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}

const readAll = async (log: MessageLog, roomId: string): Promise<Entry[]> => {
  const entries: Entry[] = []
  for (let more = true; more; ) {
    const page = await log.read({ roomId, after: entries.at(-1)?.seq ?? 0, limit: 70 })
    entries.push(...page.entries)
    more = page.more
  }
  return entries
}
