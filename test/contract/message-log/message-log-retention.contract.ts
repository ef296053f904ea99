import { describe, expect, it } from 'vitest'
import type { MessageLog } from '../../../core/ports.ts'
import { appendMany, dayMs, hourMs, oneTo, type SetUp } from './message-log-fixture.ts'

/** What every message log promises while its entries expire. */
export const retentionContract = (setUp: SetUp): void => {
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
}
