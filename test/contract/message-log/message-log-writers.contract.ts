import { describe, expect, it } from 'vitest'
import { ascending, inTurns, oneTo, readAll, type SetUp } from './message-log-fixture.ts'

/** What every message log promises to several writers at once. */
export const writersContract = (setUp: SetUp): void => {
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
}
