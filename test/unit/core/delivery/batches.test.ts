import { beforeEach, describe, expect, it } from 'vitest'
import { type Batch, makeBatchOf, makeReadBatches } from '../../../../core/delivery/batches.ts'
import type { MessageLog, PageRequest } from '../../../../core/ports.ts'
import { defaultLimits } from '../../../../protocol/limits.ts'
import { makeClock } from '../../../memory/clock.ts'
import { makeIdSource } from '../../../memory/id-source.ts'
import { makeMessageLog } from '../../../memory/message-log.ts'
import { entryOf } from '../../../support/builders.ts'
import { draftOf } from '../../../support/drafts.ts'

const hourMs = 60 * 60 * 1000
const limits = defaultLimits

const seqsOf = (batch: Batch | undefined) =>
  batch?.frames.flatMap((frame) => JSON.parse(frame).messages.map(({ seq }: { seq: number }) => seq))

describe('batches of a log', () => {
  const { clock, advance } = makeClock(Date.UTC(2026, 10, 22))
  let requests: PageRequest[]
  let log: MessageLog
  let epoch: string

  beforeEach(() => {
    const stored = makeMessageLog({ clock, newId: makeIdSource(), limits, retentionMs: 24 * hourMs })
    requests = []
    log = {
      ...stored,
      read: (request) => {
        requests.push(request)
        return stored.read(request)
      },
    }
  })
  const append = async (count: number, content = 'hello') => {
    for (let n = 0; n < count; n++) {
      const appended = await log.append(draftOf({ content, sentAtMs: clock() }))
      epoch = appended.epoch
    }
  }

  it('take what is at hand, and read no more than is missing', async () => {
    await append(6)
    const atHand = [1, 2, 6].map((seq) => entryOf({ seq }))
    const batch = await makeBatchOf({ log, limits })('general', { epoch, from: 2, to: 6 }, atHand)
    expect(seqsOf(batch)).toEqual([2, 3, 4, 5, 6])
    expect(batch).toMatchObject({ roomId: 'general', epoch, from: 2, to: 6 })
    expect(requests).toMatchObject([{ epoch, after: 2, limit: 3 }])
  })

  it('hold what still exists, and nothing beyond the range', async () => {
    await append(3)
    advance(12 * hourMs)
    await append(3)
    advance(13 * hourMs)
    const range = { epoch, from: 2, to: 4 }
    const [read] = await Array.fromAsync(makeReadBatches({ log, limits })('general', range))
    expect(seqsOf(read)).toEqual([4])
    expect(seqsOf(await makeBatchOf({ log, limits })('general', range, []))).toEqual([4])
    expect(await makeBatchOf({ log, limits })('general', { ...range, to: 3 }, [])).toBeUndefined()
    expect(await makeBatchOf({ log, limits })('general', { ...range, epoch: 'another' }, [])).toBeUndefined()
  })

  it('of a long range follow on each other', async () => {
    await append(40, 'x'.repeat(8_000))
    const batches = await Array.fromAsync(
      makeReadBatches({ log, limits })('general', { epoch, from: 3, to: 39 }),
    )
    expect(batches.length).toBeGreaterThan(2)
    expect(batches.flatMap(seqsOf)).toEqual(Array.from({ length: 37 }, (_, index) => index + 3))
    for (const { frames } of batches) expect(frames.length).toBeLessThanOrEqual(6)
  })

  it('are read once for all who ask for the same', async () => {
    await append(3)
    const readBatches = makeReadBatches({ log, limits })
    const range = { epoch, from: 1, to: 3 }
    const all = await Promise.all([1, 2, 3].map(() => Array.fromAsync(readBatches('general', range))))
    expect(requests).toHaveLength(1)
    expect(all.map(([batch]) => seqsOf(batch))).toEqual([1, 2, 3].map(() => [1, 2, 3]))
    await Array.fromAsync(readBatches('kitchen', range))
    await Array.fromAsync(readBatches('general', { ...range, to: 2 }))
    expect(requests).toHaveLength(3)
  })
})
