import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeliveredRange, maxHole, planDelivery } from '../../../../core/delivery/delivery-plan.ts'
import { entryOf, messagesJob } from '../../../support/builders.ts'

const plan = (seqs: readonly (readonly number[])[], delivered?: DeliveredRange) =>
  planDelivery(
    seqs.map((ofJob) => messagesJob({ epoch: 'e', entries: ofJob.map((seq) => entryOf({ seq })) })),
    delivered,
  ).map(({ entries, missing, delivered: after }) => ({
    seqs: entries.map(({ seq }) => seq),
    missing,
    after: [after.from, after.to],
  }))
const known = (from: number, to: number): DeliveredRange => ({ epoch: 'e', from, to })

describe('planDelivery', () => {
  it('sends what comes in order as it is', () => {
    expect(plan([[5], [6, 7]], known(1, 4))).toEqual([{ seqs: [5, 6, 7], missing: undefined, after: [1, 7] }])
  })

  it('knows nothing at first, and takes what comes', () => {
    expect(plan([[5]])).toEqual([{ seqs: [5], missing: undefined, after: [5, 5] }])
  })

  it('puts two writers that published out of order into order', () => {
    expect(plan([[6], [5]], known(1, 4))).toEqual([{ seqs: [5, 6], missing: undefined, after: [1, 6] }])
  })

  it('asks for what a writer stored and never published', () => {
    expect(plan([[7]], known(1, 4))).toEqual([{ seqs: [7], missing: { from: 5, to: 6 }, after: [1, 7] }])
    expect(plan([[2], [4]])).toEqual([{ seqs: [2, 4], missing: { from: 3, to: 3 }, after: [2, 4] }])
  })

  it('does not send again what it has sent', () => {
    expect(plan([[3], [4]], known(1, 4))).toEqual([])
    expect(plan([[3], [5]], known(1, 4))).toEqual([{ seqs: [5], missing: undefined, after: [1, 5] }])
  })

  it('sends what is older than all it remembers: it may never have been sent', () => {
    expect(plan([[3]], known(10, 12))).toEqual([{ seqs: [3], missing: undefined, after: [10, 12] }])
  })

  it('takes a far jump as a sign that another consumer served the room', () => {
    expect(plan([[900]], known(1, 4))).toEqual([{ seqs: [900], missing: undefined, after: [900, 900] }])
  })

  it('begins anew with a new epoch, and lets a straggler of the old one through', () => {
    const jobs = [
      messagesJob({ epoch: 'old', entries: [entryOf({ seq: 9 })] }),
      messagesJob({ epoch: 'new', entries: [entryOf({ seq: 1 })] }),
    ]
    const plans = planDelivery(jobs, { epoch: 'old', from: 1, to: 8 })
    expect(plans.map(({ epoch, delivered }) => [epoch, delivered.from, delivered.to])).toEqual([
      ['old', 1, 9],
      ['new', 1, 1],
    ])
  })

  it('leaves no hole above what was delivered, and repeats nothing, in whatever order jobs come', () => {
    const batches = fc.array(
      fc.uniqueArray(fc.integer({ min: 1, max: maxHole / 10 }), { minLength: 1, maxLength: 6 }),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    fc.assert(
      fc.property(batches, (all) => {
        const { sent, repeated, delivered } = deliverAll(all)
        expect(repeated).toEqual([])
        expect(range(delivered.from, delivered.to).filter((seq) => !sent.has(seq))).toEqual([])
        expect(delivered.to).toBe(Math.max(...all.flat()))
      }),
    )
  })
})

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Plays a consumer that gets one job for each seq, batch by batch, and reads what it is told to. */
const deliverAll = (batches: readonly (readonly number[])[]) => {
  let delivered: DeliveredRange = known(0, 0)
  const sent = new Set<number>()
  const repeated: number[] = []
  for (const seqs of batches) {
    const jobs = seqs.map((seq) => messagesJob({ epoch: 'e', entries: [entryOf({ seq })] }))
    for (const { entries, missing, delivered: after } of planDelivery(
      jobs,
      sent.size > 0 ? delivered : undefined,
    )) {
      const now = new Set([
        ...entries.map(({ seq }) => seq),
        ...(missing ? range(missing.from, missing.to) : []),
      ])
      repeated.push(...[...now].filter((seq) => seq >= delivered.from && seq <= delivered.to))
      for (const seq of now) sent.add(seq)
      delivered = after
    }
  }
  return { sent, repeated, delivered }
}
