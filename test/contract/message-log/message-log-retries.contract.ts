import { describe, expect, it } from 'vitest'
import { appendMany, oneTo, readAll, type SetUp } from './message-log-fixture.ts'

/** What every message log promises to somebody who sends a message again. */
export const retriesContract = (setUp: SetUp): void => {
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

    it('stores what was last sent too far back, also through a writer that has not seen how far', async () => {
      const { makeLog, draft } = setUp({ limits: { retryWindowEntries: 10 } })
      const [one, other] = [makeLog(), makeLog()]
      const first = draft()
      await one.append(first)
      await appendMany(other, draft, 10)
      const again = await one.append({ ...first, messageId: 'again' })
      expect(again).toMatchObject({ duplicate: false, entry: { seq: 12 } })
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

    it('answers a retry with the first entry after since, where a later since has stored another', async () => {
      const { makeLog, draft } = setUp()
      const log = makeLog()
      const first = draft({ since: { epoch: null, seq: 0 } })
      const stored = await log.append(first)
      const later = { ...first, since: { epoch: stored.epoch, seq: 1 }, messageId: 'later' }
      expect(await log.append(later)).toMatchObject({ duplicate: false, entry: { seq: 2 } })
      for (const writer of [log, makeLog()]) {
        expect(await writer.append({ ...first, messageId: 'retry' })).toEqual({
          ...stored,
          duplicate: true,
        })
      }
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
      const seqs = results.flatMap((result) => (result.status === 'fulfilled' ? result.value.entry.seq : []))
      expect(seqs).toEqual(oneTo(15))
    })
  })
}
