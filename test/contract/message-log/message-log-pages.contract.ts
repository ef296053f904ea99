import { describe, expect, it } from 'vitest'
import type { Page } from '../../../core/ports.ts'
import { jsonBytes } from '../../../protocol/limits.ts'
import { appendMany, oneTo, type SetUp } from './message-log-fixture.ts'

/** What every message log promises to its readers. */
export const pagesContract = (setUp: SetUp): void => {
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
      for (const [maxBytes, count] of [[1, 1] as const, [bytes, 1] as const, [3 * bytes + 50, 4] as const]) {
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
}
